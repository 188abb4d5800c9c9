"""`python -m models.faces.evaluation`."""

from models.faces.evaluation.evaluate import main

if __name__ == "__main__":
    main()
