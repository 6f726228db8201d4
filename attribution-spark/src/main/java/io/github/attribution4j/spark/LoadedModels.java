// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.model.Model;
import io.github.attribution4j.spark.ModelSource.Sent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.jspecify.annotations.Nullable;

/** The models of this JVM: each is opened once, for all tasks, and closed when the JVM ends. */
final class LoadedModels {
    private static final Map<String, LoadedModels> MODELS = new ConcurrentHashMap<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(LoadedModels::closeAll, "attribution4j close models"));
    }

    private @Nullable Model model;
    /** The model in calls of a fixed number of rows, so that what is found out about it is found out once. */
    private final Map<Integer, Model> inFixedCalls = new LinkedHashMap<>();

    private LoadedModels() {}

    /** Returns the models of a source. */
    static LoadedModels of(Sent source) {
        LoadedModels models = MODELS.computeIfAbsent(source.digest() + state(source.file()), key -> new LoadedModels());
        models.open(source);
        return models;
    }

    /** Returns what changes with a file. */
    private static String state(@Nullable Path file) {
        try {
            return file == null ? "" : " " + file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
        } catch (IOException e) {
            // Whatever opens it says so.
            return " " + file;
        }
    }

    private synchronized void open(Sent source) {
        if (model != null) {
            return;
        }
        try {
            Path file = source.file();
            if (file != null && !Files.isRegularFile(file)) {
                throw new IOException(
                        "there is no file " + file + "; put it there, or let Spark send it with" + " ModelSource.file");
            }
            model = source.open();
        } catch (Exception e) {
            throw failure(source, e);
        }
        if (model == null) {
            throw failure(source, new NullPointerException("its opener returned null"));
        }
    }

    private static IllegalStateException failure(Sent source, Exception cause) {
        String said = cause instanceof IOException ? String.valueOf(cause.getMessage()) : cause.toString();
        return new IllegalStateException(
                "model '" + source + "' cannot be opened on " + machine() + ": " + said, cause);
    }

    private static String machine() {
        SparkEnv spark = SparkEnv.get();
        return spark == null ? "this machine" : "executor " + spark.executorId();
    }

    /** Returns the model as it is. */
    synchronized Model model() {
        if (model == null) {
            throw new IllegalStateException("the models of this JVM are closed");
        }
        return model;
    }

    /** Returns the model in calls of so many rows. */
    synchronized Model inCallsOf(int rows) {
        Model opened = model();
        return inFixedCalls.computeIfAbsent(rows, number -> FixedCalls.of(opened, number));
    }

    private static void closeAll() {
        MODELS.values().forEach(LoadedModels::close);
    }

    private synchronized void close() {
        if (model != null) {
            model.close();
            model = null;
        }
    }
}
