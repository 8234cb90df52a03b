"""`python -m bot` is `medic`."""

from bot.cli.main import main

main()
