// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import io.github.attribution4j.cli.answer.Terminal;
import io.github.attribution4j.run.Run;
import java.io.PrintWriter;
import java.util.function.Consumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A bar for what takes longer than a second. */
final class ProgressDisplay implements Consumer<Run.Progress>, AutoCloseable {
    private static final long PATIENCE_NANOS = 1_000_000_000L;
    private static final int WIDTH = 79;
    private static final int UPDATE_MILLIS = 200;
    private static final long WHOLE = 1000;

    /** The option of commands that take long. */
    static final class Wish {
        @Option(names = "--progress", description = "Show the progress bar even where nobody seems to watch.")
        private boolean always;

        /** Returns a bar that shows itself if it was asked for, or somebody watches. */
        ProgressDisplay display(CommonOptions common) {
            return new ProgressDisplay(common.err(), always || (!common.quiet && Terminal.isInteractive()));
        }
    }

    private final PrintWriter err;
    private final boolean enabled;
    private @Nullable ProgressBar bar;

    ProgressDisplay(PrintWriter err, boolean enabled) {
        this.err = err;
        this.enabled = enabled;
    }

    @Override
    public void accept(Run.Progress progress) {
        if (!enabled || (bar == null && progress.elapsedNanos() < PATIENCE_NANOS)) {
            return;
        }
        show(progress.method(), progress.fraction(), "");
    }

    /**
     * Shows how far it is.
     *
     * @param fraction 0 to 1
     * @param more what to say behind the bar
     */
    void show(String task, double fraction, String more) {
        if (!enabled) {
            return;
        }
        ProgressBar current = bar;
        if (current == null) {
            current = new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(WHOLE)
                    .setUnit("%", WHOLE / 100)
                    .setUpdateIntervalMillis(UPDATE_MILLIS)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setConsumer(new DelegatingProgressBarConsumer(this::draw, WIDTH))
                    .build();
            bar = current;
        }
        current.stepTo(Math.round(fraction * WHOLE));
        current.setExtraMessage(more);
    }

    private void draw(String text) {
        err.print("\r" + text);
        err.flush();
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
            err.println();
            err.flush();
        }
    }
}
