// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.attribution4j.cli.question.ExplainOptions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * One line of a file of jobs.
 *
 * @param line its number, from 1
 * @param text of the line
 * @param occurrence how many lines so far have this text, this one included
 */
record Job(int line, String text, int occurrence) {
    private static final int KEY_BYTES = 16;

    /** Returns the key of the job in the results. It changes when the line is edited, and not when it is moved. */
    String key() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, KEY_BYTES) + (occurrence == 1 ? "" : "#" + occurrence);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Returns the name of the job for messages, if it has one. */
    String named() {
        try {
            return object().has("id") ? " (" + object().get("id").getAsString() + ")" : "";
        } catch (IllegalArgumentException | UnsupportedOperationException | IllegalStateException e) {
            return "";
        }
    }

    JsonObject object() {
        try {
            JsonElement element = JsonParser.parseString(text);
            if (element.isJsonObject()) {
                return element.getAsJsonObject();
            }
            throw new IllegalArgumentException(
                    "a job is a JSON object, such as {\"model\": \"m.pt\", \"input\": \"x.npz\"}");
        } catch (JsonParseException e) {
            throw new IllegalArgumentException("is not JSON: " + e.getMessage(), e);
        }
    }

    /** Returns the options of the job, from its keys. */
    ExplainOptions options() {
        List<String> arguments = new ArrayList<>();
        for (Map.Entry<String, JsonElement> entry : object().entrySet()) {
            if (!entry.getKey().equals("id")) {
                add(arguments, entry.getKey(), entry.getValue());
            }
        }
        ExplainOptions options = new ExplainOptions();
        try {
            new CommandLine(options).parseArgs(arguments.toArray(String[]::new));
        } catch (ParameterException e) {
            throw new IllegalArgumentException(AttributionCli.message(e), e);
        }
        return options;
    }

    private static void add(List<String> arguments, String key, JsonElement value) {
        String option = "--" + key;
        if (key.equals("set") && value.isJsonObject()) {
            value.getAsJsonObject()
                    .entrySet()
                    .forEach(setting ->
                            arguments.add(option + "=" + setting.getKey() + "=" + text(key, setting.getValue())));
        } else if (key.equals("set") && value.isJsonArray()) {
            value.getAsJsonArray().forEach(setting -> arguments.add(option + "=" + text(key, setting)));
        } else if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            if (primitive.getAsBoolean()) {
                arguments.add(option);
            }
        } else {
            arguments.add(option + "=" + text(key, value));
        }
    }

    private static String text(String key, JsonElement value) {
        if (value instanceof JsonArray array) {
            return String.join(
                    ",", array.asList().stream().map(one -> text(key, one)).toList());
        }
        if (value instanceof JsonPrimitive primitive) {
            return primitive.getAsString();
        }
        throw new IllegalArgumentException(
                "key '" + key + "': must be a text, a number, true or false, or a list of them");
    }
}
