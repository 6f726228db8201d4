// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** What a table function returns for rows, checked. */
final class TableScores {
    private final String subject;
    private final Model.TableFunction function;
    private final double[][] rows;

    /**
     * Prepares a call.
     *
     * @param name of the model; {@code function} if it has none
     */
    TableScores(String name, Model.TableFunction function, double[][] rows) {
        this.subject = name.equals("function") ? "the table function" : "the table function of '" + name + "'";
        this.function = function;
        this.rows = rows;
    }

    /** Calls the function, and returns its scores. */
    Tensor tensor() {
        double @Nullable [][] scores = called();
        if (scores == null) {
            throw new ModelException.OnRows(
                    subject + " returned null for " + given() + "; it must return one array per row");
        }
        if (scores.length != rows.length) {
            throw new ModelException(subject + " was given " + rows.length + " rows and returned " + scores.length
                    + "; it must return one array per row");
        }
        int classes = -1;
        double[] flat = new double[0];
        for (int row = 0; row < rows.length; row++) {
            double[] own = scores[row];
            if (own == null) {
                throw new ModelException.OnRows(
                        subject + " returned null for " + row(row) + "; it must return one array per row");
            }
            if (classes < 0) {
                classes = own.length;
                flat = new double[rows.length * classes];
                if (classes == 0) {
                    throw new ModelException(
                            subject + " returned no values for row 0; it must return at least one for each row");
                }
            }
            if (own.length != classes) {
                throw new ModelException(subject + " returned " + own.length + " values for row " + row + " and "
                        + classes + " for row 0; all rows must have the same number");
            }
            for (int i = 0; i < classes; i++) {
                if (Double.isNaN(own[i])) {
                    throw new ModelException.OnRows(subject + " returned NaN as value " + i + " for " + row(row)
                            + "; make it score such a row, or choose a baseline whose mixtures with the example it can"
                            + " score");
                }
                flat[row * classes + i] = own[i];
            }
        }
        return Tensors.ofJava().of(flat, Shape.of(rows.length, Math.max(classes, 0)));
    }

    private double @Nullable [][] called() {
        try {
            return function.score(rows);
        } catch (ModelException.OnRows e) {
            throw new ModelException.OnRows(subject + ": " + e.getMessage(), e);
        } catch (ModelException | CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new ModelException.OnRows(subject + " failed on " + given() + ": " + e, e);
        }
    }

    private String given() {
        return rows.length == 1 ? "the row " + described(0) : rows.length + " rows, the first " + described(0);
    }

    private String row(int row) {
        return "row " + row + " of the " + rows.length + " that it was given, " + described(row);
    }

    private String described(int row) {
        return rows.length == 0 ? "of none" : function.describe(rows[row]);
    }

    /** Returns each number as a row of one column; null for null, which is refused when the scores are checked. */
    static double @Nullable [][] columns(double @Nullable [] scores) {
        if (scores == null) {
            return null;
        }
        double[][] columns = new double[scores.length][];
        for (int row = 0; row < columns.length; row++) {
            columns[row] = new double[] {scores[row]};
        }
        return columns;
    }

    static float[][] narrowed(double[][] rows) {
        float[][] narrow = new float[rows.length][];
        for (int row = 0; row < rows.length; row++) {
            narrow[row] = new float[rows[row].length];
            for (int i = 0; i < narrow[row].length; i++) {
                narrow[row][i] = (float) rows[row][i];
            }
        }
        return narrow;
    }

    /** Returns scores in double precision; null for null, which is refused when the scores are checked. */
    static double @Nullable [][] widened(float @Nullable [][] scores) {
        if (scores == null) {
            return null;
        }
        double[][] wide = new double[scores.length][];
        for (int row = 0; row < wide.length; row++) {
            float[] own = scores[row];
            if (own != null) {
                wide[row] = new double[own.length];
                for (int i = 0; i < own.length; i++) {
                    wide[row][i] = own[i];
                }
            }
        }
        return wide;
    }
}
