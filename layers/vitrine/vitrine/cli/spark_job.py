"""Entry of a Spark job, on EMR Serverless or with `spark-submit`: `vitrine refresh --engine spark` and what follows."""

import sys

from vitrine.cli import main

if __name__ == "__main__":
    sys.exit(main(["refresh", "--engine", "spark", *sys.argv[1:]]))
