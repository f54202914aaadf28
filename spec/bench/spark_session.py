"""Spark's session as the rows' spark.py use it: two cores, two shuffle partitions, 12 GB."""
from pyspark.sql import SparkSession


def session():
    spark = (SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "2")
             .config("spark.driver.memory", "12g").config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC").config("spark.log.level", "ERROR").getOrCreate())
    return spark
