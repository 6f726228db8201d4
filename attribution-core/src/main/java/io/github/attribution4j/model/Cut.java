// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The model divided at one value, or at several of which none depends on another: the head computes the value, the tail
 * computes the output from any value in its place.
 *
 * <p>Both are ordinary models of the same rows, and can be cut again. Some paths may bypass the value, such as a
 * residual connection. The tail computes them from the original inputs, which it takes after the activations as
 * {@linkplain Inputs.Role#FIXED fixed} inputs. {@code tail.forward(tailInputs(x, activations(x)))} equals
 * {@code model.forward(x)}.
 *
 * <p>Whether a point depends on another is checked when the model first runs; only then is such a cut refused.
 */
public interface Cut {
    /** Returns the addresses of the values, in the order in which they were given. */
    List<Point> points();

    /**
     * Returns the address of the only value.
     *
     * @throws IllegalStateException if there are several
     */
    default Point point() {
        if (points().size() != 1) {
            throw new IllegalStateException("this is a cut at " + points() + ": it has no single point");
        }
        return points().get(0);
    }

    /**
     * Computes the values at the cut, in one run.
     *
     * @param inputs those of the whole model
     * @return one tensor for each point, in order
     * @throws ModelException if a point is not reached with these inputs, or depends on another
     */
    List<Tensor> activations(Inputs inputs);

    /**
     * Runs the whole model for gradients of its output with respect to the values at the cut, which are its
     * {@link Pullback#activations()}. Grad-CAM needs this. The cost is one forward run and a backward run that ends at
     * the cut. {@link Pullback#unused()} names points of the cut.
     *
     * @param inputs those of the whole model, of any role and type, because nothing is differentiated with respect
     *     to them
     * @throws ModelException if a point is not reached with these inputs, depends on another, or holds integers
     */
    Pullback pullback(Inputs inputs);

    /**
     * Returns inputs → activation of a point, shape {@code (rows, ...)}.
     *
     * @param number position in {@link #points()}
     */
    LayeredModel head(int number);

    /**
     * Returns inputs → activation of the only point, shape {@code (rows, ...)}.
     *
     * @throws IllegalStateException if there are several
     */
    default LayeredModel head() {
        point();
        return head(0);
    }

    /** Returns (activations, original inputs held fixed) → output; see {@link #tailInputs(Inputs, List)}. */
    LayeredModel tail();

    /**
     * Returns the tail's inputs: the activations attributed, all inputs of the model fixed, in their order.
     * {@link Inputs#origin()} holds the model's inputs and this cut, so that a baseline can be computed through
     * the cut.
     *
     * @param modelInputs inputs of the whole model
     * @param activations one for each point, shape {@code (rows, ...)}
     */
    default Inputs tailInputs(Inputs modelInputs, List<Tensor> activations) {
        return modelInputs.behind(this, activations);
    }

    /** Returns {@link #tailInputs(Inputs, List)} of a cut at one point. */
    default Inputs tailInputs(Inputs modelInputs, Tensor activation) {
        return tailInputs(modelInputs, List.of(activation));
    }

    /** On which side of a call a value is. */
    enum Side {
        /** The call's result. */
        OUTPUT,
        /** The call's arguments. */
        INPUT
    }

    /**
     * The address of one value inside a model: a tensor that one call of a module takes or returns, or one that its
     * code computes in between.
     *
     * <p>As text: {@code layer4.1.conv2} is the output of a module's first call, {@code relu#1} that of its second,
     * {@code lstm[1]} the second tensor of an output that holds several, {@code layer4:in} and {@code layer4:in[1]} the
     * arguments of the module, {@code layer1.0/relu_#3} the result at the fourth place where the module's own code
     * calls {@code relu_}, {@code layer1.0/x5} a variable of that code. Names of modules may contain {@code /},
     * {@code #}, {@code :} and brackets: text that is the path of a module always means that module; {@code name#0} is
     * the same call, and {@code name#0:in} its argument.
     *
     * @param path dotted path of the module; for a value inside a method with {@code /operator#place} or
     *     {@code /variable} appended, where the place counts from 0 through the text of the module's class
     * @param kind the class of the module, such as {@code Conv2d}, or the operator
     * @param call which call of the module (execution of the place), from 0 in order of execution
     * @param side whether the value is the call's result or an argument
     * @param element which tensor, from 0, of a value that holds several, counted depth first
     */
    record Point(String path, String kind, int call, Side side, int element) {
        /** Checks the numbers. */
        public Point {
            if (call < 0) {
                throw new IllegalArgumentException("call " + call + " of module '" + path + "': calls count from 0");
            }
            if (element < 0) {
                throw new IllegalArgumentException(
                        "element " + element + " of module '" + path + "': tensors count from 0");
            }
        }

        /** Names the first tensor of a module's output. */
        public Point(String path, String kind, int call) {
            this(path, kind, call, Side.OUTPUT, 0);
        }

        /** Returns the address of another tensor of the same call's output. */
        public Point output(int tensor) {
            return new Point(path, kind, call, Side.OUTPUT, tensor);
        }

        /** Returns the address of an argument of the same call. */
        public Point input(int tensor) {
            return new Point(path, kind, call, Side.INPUT, tensor);
        }

        /**
         * Returns whether the value is computed inside a module's code: it is neither a result nor an argument of a
         * module. A module's own name may contain slashes; then the kind decides: classes begin with a capital letter,
         * operators do not.
         */
        public boolean isInside() {
            int slash = path.lastIndexOf('/');
            return slash >= 0
                    && (kind.isEmpty()
                            || !Character.isUpperCase(kind.charAt(0))
                            || path.startsWith(kind + "#", slash + 1));
        }

        /** Returns the address as text; {@link LayeredModel#cutPoint} reads it. */
        @Override
        public String toString() {
            String text = call == 0 ? path : path + "#" + call;
            if (side == Side.INPUT) {
                text += ":in";
            }
            return element == 0 ? text : text + "[" + element + "]";
        }

        /** The part of an address after the path. */
        record Suffix(String path, Side side, int element) {
            private static final Pattern TEXT = Pattern.compile("(.*?)(:in|:out)?(?:\\[(\\d{1,9})])?", Pattern.DOTALL);

            /** Removes side and element from an address; the rest is a path, perhaps with a call. */
            static Suffix of(String address) {
                Matcher matcher = TEXT.matcher(address);
                if (!matcher.matches()) {
                    throw new IllegalArgumentException("address '" + address + "'");
                }
                String element = matcher.group(3);
                return new Suffix(
                        matcher.group(1),
                        ":in".equals(matcher.group(2)) ? Side.INPUT : Side.OUTPUT,
                        element == null ? 0 : Integer.parseInt(element));
            }
        }
    }

    /**
     * The type and shape of the value at a cut point in one run of a model.
     *
     * @param point the address
     * @param dataType the type of the elements
     * @param shape of the tensor; axis 0 mostly counts rows
     */
    record Value(Point point, DataType dataType, Shape shape) {}

    /** No cut point has this address; the message names similar ones. */
    final class UnknownLayerException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        /**
         * Creates it.
         *
         * @param path the address given
         * @param known all addresses
         */
        public UnknownLayerException(String path, List<String> known) {
            super("layer '" + path + "' does not exist; " + NearNames.hint(path, known));
        }
    }
}
