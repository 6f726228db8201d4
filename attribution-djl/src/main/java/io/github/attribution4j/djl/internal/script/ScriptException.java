// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

/** Source text is not in the serialized language. The message names file, line and construct. */
public final class ScriptException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final int line;

    /**
     * @param file the path below {@code code/}
     * @param line the line, from 1
     * @param problem what is wrong
     */
    public ScriptException(String file, int line, String problem) {
        super(file + " line " + line + ": " + problem);
        this.file = file;
        this.line = line;
    }

    /** {@return the path below {@code code/}} */
    public String file() {
        return file;
    }

    /** {@return the line, from 1} */
    public int line() {
        return line;
    }
}
