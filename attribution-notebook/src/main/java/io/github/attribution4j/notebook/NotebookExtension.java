// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import org.dflib.jjava.jupyter.Extension;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.jspecify.annotations.Nullable;

/**
 * What a JJava kernel loads when this module comes onto its class path, by {@code %maven} or at its start.
 *
 * <p><b>It shows.</b> An explanation, a picture, a chart, a table, a view of layers or statistics is shown as such when
 * it is the last expression of a cell, or given to {@code display}.
 *
 * <p><b>It closes.</b> Tensors that a cell leaves open are the cell's results, and so are the models that it loads into
 * variables. When the cell is run again, the results of its last run are closed, except those that a variable of the
 * notebook still leads to, directly or through collections, records, lambdas and objects. When the kernel ends, all are
 * closed. What is closed by hand or by a {@link io.github.attribution4j.tensor.TensorScope} is no result. The front end
 * says which cell it runs; where it does not, cells of the same text are the same.
 */
public final class NotebookExtension implements Extension {
    private @Nullable Results results;

    /** For the kernel, which finds this class as a service. */
    public NotebookExtension() {}

    @Override
    public void install(BaseKernel kernel) {
        Shown.register(kernel.getRenderer());
        results = Results.follow(kernel);
    }

    /** Closes what cells left open. */
    @Override
    public void uninstall(BaseKernel kernel) {
        if (results != null) {
            results.close();
            results = null;
        }
    }
}
