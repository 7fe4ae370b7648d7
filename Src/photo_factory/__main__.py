"""Where the program starts: `photo-factory`, or `python -m photo_factory`.

Child processes import the module their parent was started from, so this one imports nothing.
"""


def main() -> None:
    """Hand over to the command line."""
    import os
    import sys

    if (
        sys.argv[1:2] == ["healthcheck"]
        and len(sys.argv) == 3
        and "PHOTO_FACTORY_BEATS" in os.environ
    ):
        from photo_factory.shared.beat_file import check

        sys.exit(check(sys.argv[2]))
    from photo_factory.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
