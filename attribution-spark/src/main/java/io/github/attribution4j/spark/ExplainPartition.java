// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.spark.ModelSource.Sent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/**
 * Explains the rows of a partition, block by block, so that a partition may be larger than memory.
 *
 * @param request what is asked for
 * @param model as executors get it
 * @param in where the columns of the table are
 * @param out what is added to a row
 */
record ExplainPartition(Request request, Sent model, InputColumns in, OutputColumns out)
        implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        return new Blocks(rows);
    }

    private final class Blocks implements Iterator<Row> {
        private final Iterator<Row> rows;
        private final Queue<Row> done = new ArrayDeque<>();
        /** Made for the first row, so that nothing is loaded for an empty partition. */
        private @Nullable BlockExplainer explainer;

        Blocks(Iterator<Row> rows) {
            this.rows = rows;
        }

        @Override
        public boolean hasNext() {
            return !done.isEmpty() || rows.hasNext();
        }

        @Override
        public Row next() {
            if (done.isEmpty()) {
                fill();
            }
            return done.remove();
        }

        private void fill() {
            if (!rows.hasNext()) {
                throw new NoSuchElementException("the partition has no more rows");
            }
            BlockExplainer own = explainer;
            if (own == null) {
                own = new BlockExplainer(request, LoadedModels.of(model));
                explainer = own;
            }
            List<Row> block = new ArrayList<>();
            while (rows.hasNext() && block.size() < own.blockRows()) {
                block.add(rows.next());
            }
            List<Answer> answers = own.explain(block.stream().map(in::values).toList());
            SparkProgress progress = request.progress;
            for (int i = 0; i < block.size(); i++) {
                if (progress != null) {
                    progress.count(answers.get(i));
                }
                done.add(out.added(block.get(i), answers.get(i)));
            }
        }
    }
}
