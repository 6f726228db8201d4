// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.VarSnippet;
import jdk.jshell.execution.LoaderDelegate;
import jdk.jshell.execution.LocalExecutionControl;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.JupyterIO;
import org.dflib.jjava.jupyter.kernel.LanguageInfo;
import org.dflib.jjava.jupyter.kernel.ReplacementOptions;
import org.dflib.jjava.jupyter.kernel.comm.CommManager;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.Renderer;
import org.dflib.jjava.jupyter.kernel.magic.MagicParser;
import org.dflib.jjava.jupyter.kernel.magic.MagicTranspiler;
import org.dflib.jjava.jupyter.kernel.magic.MagicsRegistry;
import org.dflib.jjava.jupyter.kernel.util.StringStyler;
import org.dflib.jjava.jupyter.messages.Header;
import org.dflib.jjava.jupyter.messages.Message;
import org.dflib.jjava.jupyter.messages.request.ExecuteRequest;

/**
 * A kernel in this JVM: JJava's base with a JShell of the JDK, which runs cells on the class path of the test. It shows
 * nothing anywhere; {@link Output} has what a front end would get.
 */
final class TestKernel extends BaseKernel implements AutoCloseable {
    /** What a cell gave. */
    record Output(String printed, List<DisplayData> displayed, Optional<DisplayData> result) {}

    private static final List<String> STARTUP = List.of(
            "import java.util.*;",
            "import java.io.*;",
            "import java.math.*;",
            "import java.net.*;",
            "import java.time.*;",
            "import java.util.concurrent.*;",
            "import java.util.prefs.*;",
            "import java.util.regex.*;",
            "import static org.dflib.jjava.jupyter.kernel.BaseNotebookStatics.*;");

    private final Loader loader = new Loader();
    private final JShell shell;
    private final Variables variables;
    private final List<DisplayData> displayed = new ArrayList<>();

    private TestKernel() throws ReflectiveOperationException {
        super(
                "test",
                "1",
                new LanguageInfo.Builder("Java").build(),
                List.of(),
                null,
                new JupyterIO(StandardCharsets.UTF_8),
                new CommManager(),
                new Renderer(),
                new MagicParser("(?<=(?:^|=))\\s*%", "%%", new MagicTranspiler()),
                new MagicsRegistry(),
                true,
                new StringStyler.Builder().build());
        shell = JShell.builder()
                .executionEngine(
                        new ExecutionControlProvider() {
                            @Override
                            public String name() {
                                return "local with a loader that is known";
                            }

                            @Override
                            public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) {
                                return new LocalExecutionControl(loader);
                            }
                        },
                        Map.of())
                .build();
        shell.addToClasspath(classPath());
        variables = new Variables(shell, () -> loader.classes);
    }

    static TestKernel start() throws ReflectiveOperationException {
        TestKernel kernel = new TestKernel();
        kernel.onStartup();
        STARTUP.forEach(kernel::evalRaw);
        return kernel;
    }

    /** Surefire keeps the class path in the manifest of a jar; this property has it as it is. */
    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** JJava's kernel has this method too; the extension looks for it by name. */
    public JShell getJShell() {
        return shell;
    }

    @Override
    protected ClassLoader getClassLoader() {
        return loader.classes;
    }

    /** Runs a cell of which the front end says nothing but the text. */
    Output run(String code) {
        return run(Map.of(), code);
    }

    /** Runs a cell as a front end does that names its cells. */
    Output run(String cell, String code) {
        return run(Map.of("cellId", cell), code);
    }

    Output run(Map<String, Object> metadata, String code) {
        ExecuteRequest request = new ExecuteRequest(code, false, true, Map.of(), false, true);
        getCommManager()
                .setMessageContext(new Message<>(
                        new Header<>(ExecuteRequest.MESSAGE_TYPE), request, new HashMap<>(metadata), null));
        displayed.clear();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Optional<DisplayData> result = Optional.ofNullable(eval(code));
            return new Output(printed.toString(StandardCharsets.UTF_8), List.copyOf(displayed), result);
        } finally {
            System.setOut(before);
        }
    }

    @Override
    public void display(DisplayData data) {
        displayed.add(data);
    }

    @Override
    public Object evalRaw(String source) {
        Object result = null;
        SourceCodeAnalysis.CompletionInfo info = shell.sourceCodeAnalysis().analyzeCompletion(source);
        while (info.completeness().isComplete()) {
            result = statement(info.source());
            info = shell.sourceCodeAnalysis().analyzeCompletion(info.remaining());
        }
        if (info.completeness() != SourceCodeAnalysis.Completeness.EMPTY) {
            throw new IllegalArgumentException("incomplete: " + info.remaining());
        }
        return result;
    }

    private Object statement(String code) {
        Object result = null;
        for (SnippetEvent event : shell.eval(code)) {
            if (event.causeSnippet() != null) {
                continue;
            }
            if (event.exception() != null) {
                throw new IllegalStateException(event.exception().getMessage(), event.exception());
            }
            if (!event.status().isDefined()) {
                throw new IllegalArgumentException(code + "\n"
                        + shell.diagnostics(event.snippet())
                                .map(diagnostic -> diagnostic.getMessage(null))
                                .toList());
            }
            result = valueOf(event.snippet()).orElse(null);
        }
        return result;
    }

    private Optional<Object> valueOf(Snippet statement) {
        if (statement instanceof VarSnippet variable
                && variable.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND) {
            return variables.value(variable);
        }
        return statement instanceof ExpressionSnippet expression
                ? shell.variables()
                        .filter(variable -> variable.name().equals(expression.name()))
                        .findFirst()
                        .flatMap(variables::value)
                : Optional.empty();
    }

    @Override
    public DisplayData inspect(String code, int at, boolean extraDetail) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ReplacementOptions complete(String code, int at) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String isComplete(String code) {
        throw new UnsupportedOperationException();
    }

    /** Ends the kernel, as a front end that shuts it down does. */
    @Override
    public void close() {
        onShutdown(false);
        shell.close();
    }

    /** Loads the classes that JShell makes, and keeps them where the test can ask for them. */
    private static final class Loader implements LoaderDelegate {
        final Classes classes = new Classes();

        @Override
        public void load(ExecutionControl.ClassBytecodes[] made) {
            for (ExecutionControl.ClassBytecodes one : made) {
                classes.bytes.put(one.name(), one.bytecodes());
            }
        }

        @Override
        public void classesRedefined(ExecutionControl.ClassBytecodes[] made) {
            load(made);
        }

        @Override
        public void addToClasspath(String path) {
            for (String entry : path.split(File.pathSeparator, -1)) {
                try {
                    classes.addURL(Path.of(entry).toUri().toURL());
                } catch (MalformedURLException e) {
                    throw new IllegalArgumentException(entry, e);
                }
            }
        }

        @Override
        public Class<?> findClass(String name) throws ClassNotFoundException {
            return classes.loadClass(name);
        }
    }

    private static final class Classes extends URLClassLoader {
        final Map<String, byte[]> bytes = new HashMap<>();

        Classes() {
            super(new URL[0], TestKernel.class.getClassLoader());
        }

        @Override
        protected void addURL(URL url) {
            super.addURL(url);
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            byte[] code = bytes.get(name);
            return code == null ? super.findClass(name) : defineClass(name, code, 0, code.length);
        }
    }
}
