// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.view.LayerInspector;
import java.lang.reflect.InaccessibleObjectException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.VarSnippet;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.jspecify.annotations.Nullable;

/**
 * What the cells of a notebook made and nobody closed. Each statement that a cell runs ends with an event of JShell:
 * then the tensors that it left open become results of the cell, and the results of the cell's former runs to which no
 * variable leads any more are closed.
 */
final class Results implements AutoCloseable {
    private static final int CHECKED_FROM = 1024;

    /** One result. */
    private record Made(AutoCloseable what, long run) {
        boolean isOpen() {
            return !(what instanceof Tensor tensor && tensor.isClosed());
        }
    }

    /** Where a variable without a name comes from: the value of a cell's expression. */
    private record Origin(Object cell, long run) {}

    private final JShell shell;
    private final JShell.Subscription subscription;
    private final Variables variables;
    private final Supplier<@Nullable Execution> execution;
    private final Map<Object, List<Made>> cells = new HashMap<>();
    private final Map<String, Origin> values = new HashMap<>();
    /** The last run of each cell: the value of a former one is nobody's. */
    private final Map<Object, Long> runs = new HashMap<>();
    /** What the statement that runs now left open, and how many of it make it worth a look which were closed. */
    private List<Tensor> fresh = new ArrayList<>();

    private int checked = CHECKED_FROM;
    private @Nullable Execution last;
    private long run;

    @SuppressWarnings("this-escape") // the last statements hand it to JShell and to core
    Results(JShell shell, Variables variables, Supplier<@Nullable Execution> execution) {
        this.shell = shell;
        this.variables = variables;
        this.execution = execution;
        this.subscription = shell.onSnippetEvent(this::ended);
        TensorScope.watch(this::leftOpen);
    }

    /** Follows the cells of a kernel; null if the kernel runs them without JShell. */
    static @Nullable Results follow(BaseKernel kernel) {
        try {
            Object shell = kernel.getClass().getMethod("getJShell").invoke(kernel);
            if (shell instanceof JShell open) {
                return new Results(open, new Variables(open, Execution.classLoader(kernel)), Execution.of(kernel));
            }
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            System.err.println("attribution-notebook: results of cells are not closed when the cell is run again, "
                    + "because this kernel does not tell its variables (" + e + "); close them, or use JJava 1.0-a6 or "
                    + "later");
        }
        return null;
    }

    private synchronized void leftOpen(Tensor tensor) {
        if (fresh.size() >= checked) {
            fresh.removeIf(Tensor::isClosed);
            checked = Math.max(CHECKED_FROM, 2 * fresh.size());
        }
        fresh.add(tensor);
    }

    private synchronized void ended(SnippetEvent event) {
        if (event.causeSnippet() != null) {
            return; // another definition, which this statement changed
        }
        Object cell = cell(event.snippet());
        runs.put(cell, run);
        List<Made> made = cells.computeIfAbsent(cell, key -> new ArrayList<>());
        made.removeIf(result -> !result.isOpen());
        fresh.stream().filter(tensor -> !tensor.isClosed()).forEach(tensor -> made.add(new Made(tensor, run)));
        fresh = new ArrayList<>();
        checked = CHECKED_FROM;
        assigned(event.snippet()).ifPresent(variable -> {
            variables
                    .value(variable)
                    .filter(Results::isOwner)
                    .filter(value -> made.stream().noneMatch(result -> result.what() == value))
                    .ifPresent(value -> made.add(new Made((AutoCloseable) value, run)));
            if (variable.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND) {
                values.put(variable.name(), new Origin(cell, run));
            }
        });
        closeUnused(cell, run);
    }

    /** Returns the variable that a statement declared or assigned. */
    private Optional<VarSnippet> assigned(Snippet statement) {
        if (statement instanceof VarSnippet variable) {
            return Optional.of(variable);
        }
        return statement instanceof ExpressionSnippet expression
                        && statement.subKind() == Snippet.SubKind.ASSIGNMENT_SUBKIND
                ? shell.variables()
                        .filter(variable -> variable.name().equals(expression.name()))
                        .findFirst()
                : Optional.empty();
    }

    /** Returns which cell runs, and counts its run. */
    private Object cell(Snippet statement) {
        Execution now = execution.get();
        if (now == null) {
            run++;
            return statement.source();
        }
        if (last == null || !now.isSameAs(last)) {
            run++;
            last = now;
            for (Object deleted : now.deletedCells()) {
                runs.remove(deleted);
                closeUnused(deleted, run);
            }
        }
        return now.cell();
    }

    /** Returns whether a value owns memory that is no tensor of ours: a model, and nothing of another library. */
    private static boolean isOwner(Object value) {
        return value instanceof AutoCloseable
                && value.getClass().getName().startsWith("io.github.attribution4j.")
                && !(value instanceof Tensor
                        || value instanceof TensorScope
                        || value instanceof Explanation
                        || value instanceof LayerInspector.Views);
    }

    /** Closes the results that a cell made before a run, apart from those to which a variable leads. */
    private void closeUnused(Object cell, long before) {
        List<Made> made = cells.getOrDefault(cell, List.of());
        List<Made> old = made.stream().filter(result -> result.run() < before).toList();
        if (old.isEmpty()) {
            return;
        }
        List<Object> roots = variables.values(variable -> {
            Origin origin = values.get(variable.name());
            return origin == null || runs.getOrDefault(origin.cell(), -1L) == origin.run();
        });
        Set<Object> unused =
                Reachable.unreached(roots, old.stream().map(Made::what).toList());
        List<Made> closed =
                old.stream().filter(result -> unused.contains(result.what())).toList();
        close(closed);
        made.removeIf(result -> result.run() < before && unused.contains(result.what()));
    }

    /** Closes tensors first, then the models that may have computed them. */
    private static void close(Collection<Made> results) {
        for (boolean tensors : new boolean[] {true, false}) {
            for (Made result : results) {
                if (result.what() instanceof Tensor == tensors) {
                    try {
                        result.what().close();
                    } catch (Exception e) {
                        System.err.println("attribution-notebook: " + result.what() + " could not be closed: " + e);
                    }
                }
            }
        }
    }

    /** Closes the results of all cells. */
    @Override
    public synchronized void close() {
        TensorScope.watch(null);
        shell.unsubscribe(subscription);
        fresh.forEach(tensor -> close(List.of(new Made(tensor, run))));
        close(cells.values().stream().flatMap(List::stream).toList());
        fresh.clear();
        cells.clear();
        values.clear();
        runs.clear();
    }

    /** Returns how many results are open. */
    @Override
    public synchronized String toString() {
        return "Results["
                + cells.values().stream()
                        .flatMap(List::stream)
                        .filter(Made::isOpen)
                        .count() + " open]";
    }
}
