"""What is learnt from impressions: exploring, histories and logs of what came of them."""
