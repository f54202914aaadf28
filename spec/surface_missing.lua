-- Names of PySpark that the Lua surface has not, by reason: read by surface_spec.lua.
return {
  ["conversions between Python objects and the JVM's"] = [[
    ArrayType.fromInternal ArrayType.needConversion ArrayType.toInternal BinaryType.fromInternal
    BinaryType.needConversion BinaryType.toInternal BooleanType.fromInternal BooleanType.needConversion
    BooleanType.toInternal ByteType.fromInternal ByteType.needConversion ByteType.toInternal
    CalendarIntervalType.fromInternal CalendarIntervalType.needConversion CalendarIntervalType.toInternal
    CharType.fromInternal CharType.needConversion CharType.toInternal DateType.EPOCH_ORDINAL DateType.fromInternal
    DateType.needConversion DateType.toInternal DayTimeIntervalType.fromInternal
    DayTimeIntervalType.needConversion DayTimeIntervalType.toInternal DecimalType.fromInternal
    DecimalType.needConversion DecimalType.toInternal DoubleType.fromInternal DoubleType.needConversion
    DoubleType.toInternal FloatType.fromInternal FloatType.needConversion FloatType.toInternal
    IntegerType.fromInternal IntegerType.needConversion IntegerType.toInternal LongType.fromInternal
    LongType.needConversion LongType.toInternal MapType.fromInternal MapType.needConversion MapType.toInternal
    NullType.fromInternal NullType.needConversion NullType.toInternal ShortType.fromInternal
    ShortType.needConversion ShortType.toInternal StringType.fromInternal StringType.needConversion
    StringType.toInternal StructField.fromInternal StructField.needConversion StructField.toInternal
    StructType.fromInternal StructType.needConversion StructType.toInternal TimeType.fromInternal
    TimeType.needConversion TimeType.toInternal TimestampNTZType.fromInternal TimestampNTZType.needConversion
    TimestampNTZType.toInternal TimestampType.fromInternal TimestampType.needConversion TimestampType.toInternal
    VarcharType.fromInternal VarcharType.needConversion VarcharType.toInternal VariantType.fromInternal
    VariantType.needConversion VariantType.toInternal YearMonthIntervalType.fromInternal
    YearMonthIntervalType.needConversion YearMonthIntervalType.toInternal]],
  ["types are read from text by types.fromDDL and written by :json()"] = [[
    ArrayType.fromDDL BinaryType.fromDDL BooleanType.fromDDL
    ByteType.fromDDL CalendarIntervalType.fromDDL CharType.fromDDL DateType.fromDDL DayTimeIntervalType.fromDDL
    DecimalType.fromDDL DoubleType.fromDDL FloatType.fromDDL IntegerType.fromDDL LongType.fromDDL MapType.fromDDL
    NullType.fromDDL ShortType.fromDDL StringType.fromDDL StructField.fromDDL
    TimeType.fromDDL TimestampNTZType.fromDDL
    TimestampType.fromDDL VarcharType.fromDDL VariantType.fromDDL YearMonthIntervalType.fromDDL]],
  ["collations know no providers here; the type prints its collation"] = [[
    StringType.collationProvider StringType.isUTF8BinaryCollation StringType.providerICU StringType.providerSpark
    StringType.providers StructField.getCollationMetadata StructField.getCollationsMap
    StructField.schemaCollationValue]],
  ["pandas and RDDs are Python's and the JVM's; rows come by :collect(), :rows() and :batches()"] = [[
    DataFrame.mapInArrow DataFrame.mapInPandas DataFrame.pandas_api DataFrame.plot DataFrame.rdd
    DataFrame.toPandas F.arrow_udf F.arrow_udtf F.pandas_udf GroupedData.apply GroupedData.applyInArrow
    GroupedData.applyInPandas GroupedData.applyInPandasWithState GroupedData.cogroup
    GroupedData.transformWithStateInPandas]],
  ["a database is reached through a module of its own"] = [[
    DataFrameReader.jdbc DataFrameWriter.jdbc]],
  ["changes of versioned tables need a format that keeps versions"] = [[
    DataFrameReader.changes DataStreamReader.changes DataStreamReader.name]],
  ["parts of a cluster, of Spark Connect and of the JVM"] = [[
    DataFrame.executionInfo SparkSession.Builder.remote
    SparkSession.addArtifact SparkSession.addArtifacts SparkSession.client SparkSession.copyFromLocalToFs
    SparkSession.dataSource SparkSession.interruptAll SparkSession.interruptOperation SparkSession.interruptTag
    SparkSession.profile SparkSession.sparkContext UDFRegistration.registerJavaFunction
    UDFRegistration.registerJavaUDAF]],
  ["table functions in Lua are not there"] = [[
    DataFrame.asTable F.udtf SparkSession.udtf]],
  ["stateful processing by user code is not there"] = [[
    GroupedData.transformWithState]],
  ["user-defined types are not there"] = [[
    F.unwrap_udt]],
}
