"""The models. Alone knows CatBoost."""
