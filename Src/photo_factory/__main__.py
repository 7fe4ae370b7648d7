"""Where the program starts: `photo-factory`, or `python -m photo_factory`.

Child processes import the module their parent was started from, so this one imports nothing.
"""


def main() -> None:
    """Hand over to the command line."""
    from photo_factory.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
