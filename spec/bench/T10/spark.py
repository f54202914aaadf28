import sys

from spark_session import session

if sys.argv[2] == "first_row":
    print(session().read.csv(f"{sys.argv[1]}/mixed.csv", header=True).first())
