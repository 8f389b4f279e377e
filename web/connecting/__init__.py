"""What the pages about connecting an account share: checks under way, sign-ins under way, forms, what went wrong."""
