// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of one value inside a model: a tensor that one call of a module takes or returns, or one that its code
 * computes in between.
 *
 * <p>As text: {@code layer4.1.conv2} is the output of a module's first call, {@code relu#1} that of its second,
 * {@code lstm[1]} the second tensor of an output that holds several, {@code layer4:in} and {@code layer4:in[1]} the
 * arguments of the module, {@code layer1.0/relu_#3} the result at the fourth place where the module's own code calls
 * {@code relu_}, {@code layer1.0/x5} a variable of that code. Names of modules may contain {@code /}, {@code #},
 * {@code :} and brackets: text that is the path of a module always means that module; {@code name#0} is the same call,
 * and {@code name#0:in} its argument.
 *
 * @param path dotted path of the module; for a value inside a method with {@code /operator#place} or {@code /variable}
 *     appended, where the place counts from 0 through the text of the module's class
 * @param kind the class of the module, such as {@code Conv2d}, or the operator
 * @param call which call of the module (execution of the place), from 0 in order of execution
 * @param side whether the value is the call's result or an argument
 * @param element which tensor, from 0, of a value that holds several, counted depth first
 */
public record CutPoint(String path, String kind, int call, Side side, int element) {
    /** On which side of a call a value is. */
    public enum Side {
        /** The call's result. */
        OUTPUT,
        /** The call's arguments. */
        INPUT
    }

    /** Checks the numbers. */
    public CutPoint {
        if (call < 0) {
            throw new IllegalArgumentException("call " + call + " of module '" + path + "': calls count from 0");
        }
        if (element < 0) {
            throw new IllegalArgumentException(
                    "element " + element + " of module '" + path + "': tensors count from 0");
        }
    }

    /** Names the first tensor of a module's output. */
    public CutPoint(String path, String kind, int call) {
        this(path, kind, call, Side.OUTPUT, 0);
    }

    /** Returns the address of another tensor of the same call's output. */
    public CutPoint output(int tensor) {
        return new CutPoint(path, kind, call, Side.OUTPUT, tensor);
    }

    /** Returns the address of an argument of the same call. */
    public CutPoint input(int tensor) {
        return new CutPoint(path, kind, call, Side.INPUT, tensor);
    }

    /**
     * Returns whether the value is computed inside a module's code: it is neither a result nor an argument of a module.
     * A module's own name may contain slashes; then the kind decides: classes begin with a capital letter, operators
     * do not.
     */
    public boolean isInside() {
        int slash = path.lastIndexOf('/');
        return slash >= 0
                && (kind.isEmpty() || !Character.isUpperCase(kind.charAt(0)) || path.startsWith(kind + "#", slash + 1));
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
