// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import io.github.attribution4j.run.Run;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;

/**
 * Shows the progress of explanations as bars in the cell that computes them: one bar for each explanation, with method,
 * rows and time.
 *
 * <pre>{@code
 * Run run = Run.defaults().progress(new CellProgress());
 * }</pre>
 *
 * <p>Interrupting the cell ends the explanation. One instance serves any number of explanations, one after another; for
 * explanations that run side by side, make one for each.
 */
public final class CellProgress implements Consumer<Run.Progress> {
    private static final long NANOS = 100_000_000;

    /** Where the bar is shown. */
    interface Screen {
        void show(DisplayData bar);

        void replace(DisplayData bar);
    }

    private final Screen screen;
    private String id = "";
    private long shown;
    private boolean finished = true;
    private long rows;

    /**
     * Creates a display in the notebook that runs.
     *
     * @throws IllegalStateException if no JJava kernel runs in this JVM
     */
    public CellProgress() {
        this(screen());
    }

    CellProgress(Screen screen) {
        this.screen = screen;
    }

    private static Screen screen() {
        BaseKernel kernel;
        try {
            kernel = BaseKernel.notebookKernel();
        } catch (NullPointerException e) {
            throw new IllegalStateException(
                    "there is no notebook: no JJava kernel runs in this JVM; give Run.progress a listener of your own",
                    e);
        }
        return new Screen() {
            @Override
            public void show(DisplayData bar) {
                kernel.display(bar);
            }

            @Override
            public void replace(DisplayData bar) {
                kernel.getIO().display.updateDisplay(bar);
            }
        };
    }

    /** Shows a report, ten times a second at most; the first and the last always. */
    @Override
    public void accept(Run.Progress progress) {
        boolean another = finished || progress.rowsDone() < rows;
        finished = progress.fraction() >= 1;
        rows = progress.rowsDone();
        long now = System.nanoTime();
        if (another) {
            id = UUID.randomUUID().toString();
            screen.show(bar(progress));
        } else if (finished || now - shown >= NANOS) {
            screen.replace(bar(progress));
        } else {
            return;
        }
        shown = now;
    }

    private DisplayData bar(Run.Progress progress) {
        double seconds = progress.elapsedNanos() / 1e9;
        String text = String.format(
                Locale.ROOT,
                "%s: %.0f %%, %,d rows, %.1f s",
                progress.method(),
                100 * progress.fraction(),
                progress.rowsDone(),
                seconds);
        DisplayData bar = new DisplayData(text);
        bar.putHTML("<progress max=\"1\" value=\"" + String.format(Locale.ROOT, "%.3f", progress.fraction())
                + "\"></progress> " + text);
        bar.putTransientData("display_id", id);
        return bar;
    }

    /** Returns how far the explanation of the moment is. */
    @Override
    public String toString() {
        return "CellProgress[" + rows + " rows" + (finished ? ", finished]" : "]");
    }
}
