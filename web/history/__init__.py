"""What the pages of the history show, made from what the engine tells: apart from the routes, so that all may ask."""
