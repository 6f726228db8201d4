// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

/** The names of what an instrumented copy has and its program had not. All begin with {@code a4j_}, as no name of a program does. */
public final class AddedNames {
    /** The parameter with the index of the module that runs, and the beginning of those with the indexes of module parameters. */
    public static final String INDEX = "a4j_p";

    /** The variable with the tape. */
    public static final String TAPE = "a4j_t";

    /** How the names of cloned methods and functions begin. */
    public static final String CLONE = "a4j_c_";

    /** The method that calls a module with its hooks. */
    public static final String HOOKED = "a4j_hooked";

    /** The file with the tape and the functions that walk values. */
    public static final String RUNTIME = "__torch__.a4j_runtime";

    /** A function of that file: a tensor in place of what libtorch has no operator for. It raises an error. */
    public static final String MISSING = RUNTIME + ".missing";

    /** The file with the functions that take the place of operators. */
    public static final String REPAIRS = "__torch__.a4j_repairs";

    /** The file with the functions that check what libtorch does not. What they give is a tensor. */
    public static final String GUARDS = "__torch__.a4j_guards";

    /** The file with the objects that hold what a call changes. */
    public static final String STATE = "__torch__.a4j_state";

    /** A tensor as it is now, for operators that keep their operands for a gradient while the state goes on. */
    public static final String READ = "__torch__.a4j_read.value";

    private AddedNames() {}

    /** The name of the method or function that a name of a clone stands for. */
    static String original(String name) {
        return name.startsWith(CLONE) ? name.substring(CLONE.length()) : name;
    }
}
