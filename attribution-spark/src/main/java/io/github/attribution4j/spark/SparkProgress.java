// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.run.Run.Counts;
import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;

/**
 * Counts what executors have done so far, in Spark's accumulators, which its web page shows too. The driver may read
 * the numbers at any time; they grow as tasks end.
 *
 * <p>They are numbers of work, not of the result: a task that Spark runs again, and a second action on a data set that
 * was not cached, count once more.
 */
public final class SparkProgress implements Serializable {
    private static final long serialVersionUID = 1L;

    private final LongAccumulator explained;
    private final LongAccumulator failed;
    private final LongAccumulator calls;
    private final LongAccumulator modelRows;

    private SparkProgress(SparkContext spark, String name) {
        explained = spark.longAccumulator(name + ": rows explained");
        failed = spark.longAccumulator(name + ": rows failed");
        calls = spark.longAccumulator(name + ": calls of the model");
        modelRows = spark.longAccumulator(name + ": rows in calls of the model");
    }

    /**
     * Returns a progress at zero.
     *
     * @param name precedes the names of the accumulators
     */
    public static SparkProgress of(SparkSession spark, String name) {
        return new SparkProgress(spark.sparkContext(), name);
    }

    /** Returns how many rows were explained. */
    public long explained() {
        return explained.value();
    }

    /** Returns how many rows could not be explained. */
    public long failed() {
        return failed.value();
    }

    /** Returns how many calls of the model were made, those that failed left out. */
    public long calls() {
        return calls.value();
    }

    /** Returns how many rows these calls had that methods asked for, without those that only fill a call. */
    public long modelRows() {
        return modelRows.value();
    }

    void count(Counts cost) {
        calls.add(cost.batches());
        modelRows.add(cost.forwardRows());
    }

    void count(Answer answer) {
        (answer.failure() == null ? explained : failed).add(1L);
    }

    /** Returns the numbers of rows. */
    @Override
    public String toString() {
        return explained() + " rows explained, " + failed() + " failed";
    }
}
