// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A function from rows of inputs to rows of outputs that can only be run forward: a tree ensemble, a remote service, a
 * lambda. Subtypes can do more.
 *
 * <p><b>Contract</b> (tested by the testkit's {@code ModelContract}). Axis 0 of every {@link Inputs.Role#ATTRIBUTED}
 * and {@link Inputs.Role#FIXED} input, and of the output, counts rows (examples); row r of the output depends on row r
 * of the inputs alone, so any number of rows may be given in one call. The same inputs give the same output. Inputs are
 * not changed or closed, and not used after the call. Many threads may call at once. The output belongs to the caller's
 * innermost scope.
 */
public interface Model extends AutoCloseable {
    /**
     * The identity of a model in provenance.
     *
     * @param name given by the user, or the file name, or {@code function}
     * @param version given by the user, such as {@code 3.2}; else empty
     * @param digest SHA-256 of the caller's file in hexadecimal, or empty where there is no file
     * @param engine the engine with its version, such as {@code PyTorch 2.7.1 through DJL 0.35.1}
     * @param device where it computes, such as {@code cpu} or {@code cuda:0}
     * @param loaded options of loading or copying that change the numbers, in order: the output, another method or type
     *     than the file's, the digest of a state, backward rules; empty without such options
     */
    record Identity(
            String name, String version, String digest, String engine, String device, Map<String, String> loaded) {
        /** The engine of functions of this JVM, whose calls cost nothing by themselves. */
        public static final String JAVA = "java";

        /** Copies the map. */
        public Identity {
            loaded = Collections.unmodifiableMap(new LinkedHashMap<>(loaded));
        }

        /** Makes the identity of a model without options that change the numbers. */
        public Identity(String name, String version, String digest, String engine, String device) {
            this(name, version, digest, engine, device, Map.of());
        }

        /** Makes the identity of a model without a version. */
        public Identity(String name, String digest, String engine, String device) {
            this(name, "", digest, engine, device);
        }

        /** Returns the identity of a part of this model, such as {@code head of encoder}. */
        public Identity part(String part) {
            return new Identity(name + " (" + part + ")", version, digest, engine, device, loaded);
        }

        /**
         * Returns the identity of a copy of this model with one more option, such as backward {@code rules}.
         */
        public Identity with(String what, String value) {
            Map<String, String> asked = new LinkedHashMap<>(loaded);
            asked.put(what, value);
            return new Identity(name, version, digest, engine, device, asked);
        }

        /**
         * Returns whether the identity cannot distinguish this model from others of its name: it has neither a version
         * nor a digest.
         */
        public boolean isVague() {
            return version.isEmpty() && digest.isEmpty();
        }
    }

    /**
     * The part of a loaded model that an object computes: a head or tail of a cut, a copy, a wrapper, or all of the
     * model. What is measured for one object of a model can then be used for all others.
     *
     * @param whole the model as loaded or made
     * @param part the part in words, different for parts that compute different things; empty for all of the model
     */
    record Part(Model whole, String part) {
        /** Returns a part of this part. */
        public Part inside(String inner) {
            return new Part(whole, part.isEmpty() ? inner : part + ", " + inner);
        }
    }

    /**
     * Runs the model.
     *
     * @param inputs the rows; tensors of {@link #tensors()}' backend
     * @return output, shape {@code (rows, ...)}
     * @throws ModelException if the model refuses these inputs or fails
     * @throws IllegalStateException if the model was closed
     */
    Tensor forward(Inputs inputs);

    /** Returns the backend, with its device, on which this model takes its inputs. */
    Tensors tensors();

    /** Returns the identity of this model in an explanation's provenance. */
    Identity identity();

    /**
     * Estimates the memory that one more row takes while the model runs, for batching under a memory budget.
     *
     * @param row inputs of one row; of several rows the first is used, since the estimate depends on shapes alone
     * @param gradients true for a pullback, false for a forward run
     * @return bytes; empty if there is no estimate: the runner then assumes a multiple of the input's size
     */
    default OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return OptionalLong.empty();
    }

    /**
     * Returns why this model must be run one row at a time: rows of one call change each other's outputs, or a call of
     * several rows fails. The runner then makes calls of one row each, and explanations have a notice about it. Heads
     * and tails of cuts, copies and wrappers return what their model returns.
     *
     * @return the reason as one sentence without a full stop, such as
     *     {@code the program quantizes by the range of the whole batch (quantized::linear_dynamic)}; empty, as for most
     *     models, if any number of rows may be given
     */
    default Optional<String> oneRowAtATime() {
        return Optional.empty();
    }

    /**
     * Returns the part of a model that this object computes: all of this model, unless it is a head or tail of a cut, a
     * copy or a wrapper. For each model and shape of rows, the runner compares a row alone once with the same row among
     * others. It uses the result again for as long as {@link Part#whole()} is reachable.
     */
    default Part part() {
        return new Part(this, "");
    }

    /**
     * Returns the operations of this model at which gradients are lost or are not those of what it computes: detached
     * values, roundings, casts to whole numbers, dropout and batch norm in training mode, branches on values. Called
     * when the completeness gap of an explanation is large, to name possible causes in a notice. Heads and tails of
     * cuts, copies and wrappers return what their model returns.
     *
     * @return one phrase each, with an address, such as {@code detach at "encoder/detach"}; empty if none is known
     */
    default List<String> gradientLosses() {
        return List.of();
    }

    /**
     * Returns the operations of this model that draw random numbers in every call, so that two calls with equal inputs
     * may differ: random operators, dropout in training mode. Explanations have a notice about them. Heads and tails of
     * cuts, copies and wrappers return what their model returns.
     *
     * @return one phrase each, with an address, such as {@code dropout in training mode at "head/dropout"}; empty if
     *     none is known
     */
    default List<String> randomDraws() {
        return List.of();
    }

    /** Frees what the model holds. Idempotent; later calls of other methods throw {@link IllegalStateException}. */
    @Override
    default void close() {}

    /**
     * Makes a model from a function on rows of numbers, without a name or version.
     *
     * @see #of(String, String, TableFunction)
     */
    static Model of(TableFunction function) {
        return of("function", "", function);
    }

    /**
     * Makes a model from a function on rows of numbers: any scorer of table data.
     *
     * <pre>{@code
     * Model risk = Model.of("credit-risk", "3.2", rows -> gbm.predict(rows));
     * }</pre>
     *
     * @param name the name of the model in explanations
     * @param version distinguishes it from other models of its name in the provenance: a version, a date, a digest of
     *     its file
     * @param function takes {@code rows[r][feature]} of the one input (flattened), returns {@code outputs[r][class]};
     *     must be thread-safe if the model is shared. Where it throws, or returns null, NaN or another number of rows,
     *     a {@link ModelException} names the rows
     */
    static Model of(String name, String version, TableFunction function) {
        return FunctionModel.ofTable(name, version, function);
    }

    /**
     * Makes a model from a function on one tensor, without a name or version.
     *
     * @see #ofTensor(String, String, UnaryOperator)
     */
    static Model ofTensor(UnaryOperator<Tensor> function) {
        return ofTensor("function", "", function);
    }

    /**
     * Makes a model from a function on one tensor of the plain-Java backend.
     *
     * @param name the name of the model in explanations
     * @param version distinguishes it from other models of its name
     * @param function takes the one input, shape {@code (rows, ...)}, returns the output, shape {@code (rows, ...)}
     */
    static Model ofTensor(String name, String version, UnaryOperator<Tensor> function) {
        return new FunctionModel(name, version, Tensors.ofJava(), inputs -> function.apply(inputs.tensor(0)));
    }

    /**
     * Makes a model from a function on the list of all inputs, without a name or version.
     *
     * @see #ofTensors(String, String, Tensors, Function)
     */
    static Model ofTensors(Tensors tensors, Function<List<Tensor>, Tensor> function) {
        return ofTensors("function", "", tensors, function);
    }

    /**
     * Makes a model from a function on the list of all inputs, in argument order.
     *
     * @param name the name of the model in explanations
     * @param version distinguishes it from other models of its name
     * @param tensors the backend on which the function takes its inputs
     * @param function returns the output, shape {@code (rows, ...)}
     */
    static Model ofTensors(String name, String version, Tensors tensors, Function<List<Tensor>, Tensor> function) {
        return new FunctionModel(name, version, tensors, inputs -> function.apply(inputs.tensors()));
    }

    /**
     * A scoring function on rows of a table. Other signatures become one by {@link #ofScores} and {@link #ofFloats};
     * rows of named values, and services that reply later, by the types of the package {@code table}.
     */
    @FunctionalInterface
    interface TableFunction {
        /**
         * Scores rows.
         *
         * @param rows {@code rows[r][feature]}
         * @return {@code outputs[r][class]}: one for each row, all of the same length, none NaN
         */
        double[][] score(double[][] rows);

        /** Returns a row in words, for messages about it. */
        default String describe(double[] row) {
            return Numbers.listed(row);
        }

        /**
         * Makes a table function from one that returns a single number for each row.
         *
         * <pre>{@code
         * Model risk = Model.of("risk", "3.2", Model.TableFunction.ofScores(rows -> booster.predict(rows)));
         * }</pre>
         */
        @SuppressWarnings("NullAway") // Null is refused when the scores are checked.
        static TableFunction ofScores(Function<double[][], double[]> scores) {
            return rows -> TableScores.columns(scores.apply(rows));
        }

        /**
         * Makes a table function from one of numbers in single precision. Rows are rounded to {@code float}, which
         * changes nothing where the inputs are float32.
         */
        @SuppressWarnings("NullAway") // Null is refused when the scores are checked.
        static TableFunction ofFloats(Function<float[][], float[][]> function) {
            return rows -> TableScores.widened(function.apply(TableScores.narrowed(rows)));
        }
    }
}
