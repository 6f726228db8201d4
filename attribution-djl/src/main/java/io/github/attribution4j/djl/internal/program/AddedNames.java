// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

/**
 * The names of everything that an instrumented copy has and its program has not. All begin with {@code a4j_}, as no
 * name of a program does.
 */
public final class AddedNames {
    /**
     * The parameter that holds the index of the module that runs, and the prefix of the parameters that hold the
     * indexes of module arguments.
     */
    public static final String INDEX = "a4j_p";

    /** The variable that holds the tape. */
    public static final String TAPE = "a4j_t";

    /** The prefix of the names of cloned methods and functions. */
    public static final String CLONE = "a4j_c_";

    /** The method that calls a module with its hooks. */
    public static final String HOOKED = "a4j_hooked";

    /** The file that holds the tape and the functions that walk values. */
    public static final String RUNTIME = "__torch__.a4j_runtime";

    /**
     * A function of the runtime file that stands for a tensor which libtorch has no operator for. It raises an error.
     */
    public static final String MISSING = RUNTIME + ".missing";

    /** The file that holds the functions which replace operators. */
    public static final String REPAIRS = "__torch__.a4j_repairs";

    /** The file that holds the functions which check what libtorch does not. Each returns a tensor. */
    public static final String GUARDS = "__torch__.a4j_guards";

    /** The file that holds the functions around normalizations, whose gradients libtorch may compute wrongly. */
    public static final String NORMS = "__torch__.a4j_norms";

    /** The file that holds the state objects: everything that a call changes. */
    public static final String STATE = "__torch__.a4j_state";

    /**
     * A tensor as it is now. Operators that save their operands for a gradient need it, because the state may change
     * after them.
     */
    public static final String READ = "__torch__.a4j_read.value";

    private AddedNames() {}

    /** Returns the name of the method or function that a clone was made of. */
    static String original(String name) {
        return name.startsWith(CLONE) ? name.substring(CLONE.length()) : name;
    }
}
