// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.internal.numeric.Proportion;
import java.util.Arrays;

/**
 * A concept activation vector: the direction, in the space of a layer's values, that leads from examples of one concept
 * to those of another. Immutable.
 */
public final class Cav {
    /** What a vector was made for. */
    public enum Role {
        /** It tells a concept from random examples. */
        CONCEPT,
        /** It tells a concept from another. */
        RELATIVE,
        /** It tells random examples from others, and shows what scores chance gives. */
        RANDOM
    }

    private final String concept;
    private final String against;
    private final Role role;
    private final String layer;
    private final double[] vector;
    private final double accuracy;
    private final int tested;
    private final double length;

    Cav(String concept, String against, Role role, String layer, double[] vector, double accuracy, int tested) {
        this.concept = concept;
        this.against = against;
        this.role = role;
        this.layer = layer;
        this.vector = vector;
        this.accuracy = accuracy;
        this.tested = tested;
        length = length(vector);
        if (!(length > 0 && Double.isFinite(length))) {
            throw new IllegalArgumentException("vector of concept '" + concept + "' at layer '" + layer + "': has "
                    + vector.length + " elements and length " + length
                    + ", and must have a finite length above 0");
        }
    }

    /**
     * Returns a vector that was made elsewhere. It is used as it is.
     *
     * @param concept name
     * @param layer address of the layer
     * @param vector one number for each element of the layer's value of an example, row-major; it points to the concept
     */
    public static Cav of(String concept, String layer, double... vector) {
        return of(concept, "given", Role.CONCEPT, layer, vector);
    }

    /**
     * Returns a vector that was made elsewhere, and says what for: with several for a concept, and some of role
     * {@link Role#RANDOM}, scores are tested.
     *
     * @param against name of what the concept was told from
     */
    public static Cav of(String concept, String against, Role role, String layer, double... vector) {
        return new Cav(concept, against, role, layer, vector.clone(), Double.NaN, 0);
    }

    /** Returns the name of the concept that it points to. */
    public String concept() {
        return concept;
    }

    /** Returns the name of what it points away from. */
    public String against() {
        return against;
    }

    /** Returns what it was made for. */
    public Role role() {
        return role;
    }

    /** Returns the address of the layer. */
    public String layer() {
        return layer;
    }

    /** Returns the vector, of length 1 if {@link Tcav} made it; a copy. */
    public double[] vector() {
        return vector.clone();
    }

    /** Returns the length of a vector. */
    static double length(double... vector) {
        double largest = Arrays.stream(vector).map(Math::abs).max().orElse(0);
        double squares = 0;
        for (double value : vector) {
            squares += value / largest * (value / largest);
        }
        return largest * Math.sqrt(squares);
    }

    double length() {
        return length;
    }

    /** Returns the vector itself, which nobody changes. */
    double[] direction() {
        return vector;
    }

    /**
     * Returns the share of held-out examples that fall on the right side: 0.5 is chance. NaN if the vector was given.
     */
    public double accuracy() {
        return accuracy;
    }

    /** Returns the number of held-out examples. */
    public int tested() {
        return tested;
    }

    /** Returns the 95 % interval of the {@link #accuracy}, by Wilson; NaN if the vector was given. */
    public double[] accuracyInterval() {
        return Proportion.interval(accuracy, tested);
    }

    /** Returns whether both are told from as much, by the same numbers. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Cav cav
                && concept.equals(cav.concept)
                && against.equals(cav.against)
                && role == cav.role
                && layer.equals(cav.layer)
                && Arrays.equals(vector, cav.vector)
                && Double.compare(accuracy, cav.accuracy) == 0
                && tested == cav.tested;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(vector) + layer.hashCode();
    }

    /** Returns what it tells from what, where, and how well. */
    @Override
    public String toString() {
        return concept + " against " + against + " at " + layer
                + (tested == 0 ? "" : ": accuracy " + accuracy + " of " + tested);
    }
}
