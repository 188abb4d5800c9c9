"""`python -m models.faces.training`."""

from models.faces.training.train import main

if __name__ == "__main__":
    main()
