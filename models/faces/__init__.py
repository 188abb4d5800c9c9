"""How the bundled face model came to be: portrait renderer, data set, training."""
