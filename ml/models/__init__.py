"""What a trained model computes: trees, or a sum of terms."""
