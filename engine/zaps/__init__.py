"""What a person drew, pure: the model of a zap, its mappings, values, conditions, problems, and its file form."""
