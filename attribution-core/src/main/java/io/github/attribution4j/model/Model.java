// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

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
 * A function from rows of inputs to rows of outputs, which can be run forward and nothing more: an ONNX session, a tree
 * ensemble, a remote service, a lambda.
 *
 * <p><b>Contract</b> (tested by the testkit's {@code ModelContract}). Axis 0 of every {@link Inputs.Role#ATTRIBUTED}
 * and {@link Inputs.Role#FIXED} input, and of the output, counts rows (examples); row r of the output depends on row r
 * of the inputs alone, so any number of rows may be given in one call. The same inputs give the same output. Inputs are
 * not changed, closed or kept. Many threads may call at once. The output belongs to the caller's innermost scope.
 */
public interface Model extends AutoCloseable {
    /**
     * What identifies a model in provenance.
     *
     * @param name what the user calls it: a file name, or {@code function}
     * @param version what the user says of it, such as {@code 3.2}; empty where nothing was said
     * @param digest SHA-256 of the caller's file in hexadecimal, or empty where there is no file
     * @param engine what computes, with its version, such as {@code PyTorch 2.7.1 through DJL 0.35.1}
     * @param device where it computes, such as {@code cpu} or {@code cuda:0}
     * @param loaded what was asked for when it was loaded, or copied, and changes the numbers, in order: the output,
     *     another method or type than the file's, the digest of a state, backward rules; empty where the file
     *     alone decides
     */
    record Identity(
            String name, String version, String digest, String engine, String device, Map<String, String> loaded) {
        /** Copies the map. */
        public Identity {
            loaded = Collections.unmodifiableMap(new LinkedHashMap<>(loaded));
        }

        /** Makes the identity of a model of which the file alone decides. */
        public Identity(String name, String version, String digest, String engine, String device) {
            this(name, version, digest, engine, device, Map.of());
        }

        /** Makes the identity of a model of which no version is said. */
        public Identity(String name, String digest, String engine, String device) {
            this(name, "", digest, engine, device);
        }

        /** Returns the identity of a part of this model, such as {@code head of encoder}. */
        public Identity part(String part) {
            return new Identity(name + " (" + part + ")", version, digest, engine, device, loaded);
        }

        /**
         * Returns the identity of a copy of this model of which something more was asked, such as backward
         * {@code rules}.
         */
        public Identity with(String what, String value) {
            Map<String, String> asked = new LinkedHashMap<>(loaded);
            asked.put(what, value);
            return new Identity(name, version, digest, engine, device, asked);
        }

        /**
         * Returns whether nothing tells this model from another one of its name: there is neither a version nor
         * a digest.
         */
        public boolean isVague() {
            return version.isEmpty() && digest.isEmpty();
        }
    }

    /**
     * Which part of which model a model is: what heads and tails of cuts, copies and wrappers say of themselves, so
     * that what is learned of a model once is known of every object that stands for it.
     *
     * @param whole the model that was loaded or made
     * @param part which part of it, in words that differ for parts that compute different things; empty for all of it
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

    /** Returns where this model wants its inputs: its backend and device. */
    Tensors tensors();

    /** Returns what identifies this model in an explanation's provenance. */
    Identity identity();

    /**
     * Estimates the memory that one more row takes while the model runs, for batching under a memory budget.
     *
     * @param row inputs of one row; of several the first is taken, as the answer depends on shapes alone
     * @param gradients whether a pullback is meant rather than a forward run
     * @return bytes, or empty if the model cannot say, when the runner assumes a multiple of the input's size
     */
    default OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return OptionalLong.empty();
    }

    /**
     * Returns why this model must be given its rows one by one: because rows of one call change each other's outputs,
     * or a call of several fails. The runner then makes calls of one row each, and explanations say so among their
     * notices. Heads and tails of cuts, copies and wrappers answer as the model that they are made of.
     *
     * @return the reason as one sentence without a full stop, such as
     *     {@code the program quantizes by the range of the whole batch (quantized::linear_dynamic)}; empty, as mostly,
     *     if any number of rows may be given
     */
    default Optional<String> oneRowAtATime() {
        return Optional.empty();
    }

    /**
     * Returns which part of which model this is: this model, all of it, unless it is a head or tail of a cut, a copy or
     * a wrapper. The runner compares a row alone with the same row beside others once for each model and shape of rows,
     * and keeps what it finds for as long as {@link Part#whole()} is reachable.
     */
    default Part part() {
        return new Part(this, "");
    }

    /**
     * Returns the operations of this model at which gradients are lost or are not those of what it computes: detached
     * values, roundings, casts to whole numbers, dropout and batch norm in training mode, branches on values. Asked
     * where the attributions of an explanation miss much of the score's change, to name possible causes in a notice.
     * Heads and tails of cuts, copies and wrappers answer as the model that they are made of.
     *
     * @return one phrase each, with an address, such as {@code detach at "encoder/detach"}; empty if none is known
     */
    default List<String> gradientLosses() {
        return List.of();
    }

    /**
     * Returns where this model draws random numbers in every call, so that two calls with equal inputs may differ:
     * random operators, dropout in training mode. Explanations say so among their notices. Heads and tails of cuts,
     * copies and wrappers answer as the model that they are made of.
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
     * Makes a model of a function on plain rows, of which nothing is said.
     *
     * @see #of(String, String, TableFunction)
     */
    static Model of(TableFunction function) {
        return of("function", "", function);
    }

    /**
     * Makes a model of a function on plain rows: any scorer of table data.
     *
     * <pre>{@code
     * Model risk = Model.of("credit-risk", "3.2", rows -> gbm.predict(rows));
     * }</pre>
     *
     * @param name what explanations call the model
     * @param version tells it from others of its name, for the provenance: a version, a date, a digest of its file
     * @param function takes {@code rows[r][feature]} of the one input (flattened), returns {@code outputs[r][class]};
     *     must be thread-safe if the model is shared
     */
    static Model of(String name, String version, TableFunction function) {
        return FunctionModel.ofTable(name, version, function);
    }

    /**
     * Makes a model of a function on one tensor, of which nothing is said.
     *
     * @see #ofTensor(String, String, UnaryOperator)
     */
    static Model ofTensor(UnaryOperator<Tensor> function) {
        return ofTensor("function", "", function);
    }

    /**
     * Makes a model of a function on one tensor of the plain-Java backend.
     *
     * @param name what explanations call the model
     * @param version tells it from others of its name
     * @param function takes the one input, shape {@code (rows, ...)}, returns the output, shape {@code (rows, ...)}
     */
    static Model ofTensor(String name, String version, UnaryOperator<Tensor> function) {
        return new FunctionModel(name, version, Tensors.ofJava(), inputs -> function.apply(inputs.tensor(0)));
    }

    /**
     * Makes a model of a function on the list of all inputs, of which nothing is said.
     *
     * @see #ofTensors(String, String, Tensors, Function)
     */
    static Model ofTensors(Tensors tensors, Function<List<Tensor>, Tensor> function) {
        return ofTensors("function", "", tensors, function);
    }

    /**
     * Makes a model of a function on the list of all inputs, in argument order.
     *
     * @param name what explanations call the model
     * @param version tells it from others of its name
     * @param tensors the backend on which the function wants its inputs
     * @param function returns the output, shape {@code (rows, ...)}
     */
    static Model ofTensors(String name, String version, Tensors tensors, Function<List<Tensor>, Tensor> function) {
        return new FunctionModel(name, version, tensors, inputs -> function.apply(inputs.tensors()));
    }

    /** A scoring function on plain table rows. */
    @FunctionalInterface
    interface TableFunction {
        /**
         * Scores rows.
         *
         * @param rows {@code rows[r][feature]}
         * @return {@code outputs[r][class]}, as many as rows, all equally long
         */
        double[][] score(double[][] rows);
    }
}
