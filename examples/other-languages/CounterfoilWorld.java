import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A world for a test, from Java 17 with nothing but the standard library. Use it in a try-with-resources block:
 *
 * <pre>
 * try (var world = CounterfoilWorld.create("http://127.0.0.1:8000", "late-payer")) {
 *     world.command("advance_clock", "{\"days\": 30}");
 *     client = new Billing(world.url("flexprice"), "counterfoil-key");
 * }
 * </pre>
 *
 * Run it by itself to see it work: {@code java CounterfoilWorld.java http://127.0.0.1:8000}
 */
public final class CounterfoilWorld implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private final String control;
    private final String name;
    private final String description;

    private CounterfoilWorld(String control, String name, String description) {
        this.control = control;
        this.name = name;
        this.description = description;
    }

    public static CounterfoilWorld create(String origin, String scenario) throws Exception {
        String control = origin + "/_sandbox/v1/worlds";
        String made = send("POST", control, "{\"scenario\": \"" + scenario + "\"}");
        return new CounterfoilWorld(control, member(made, "name"), made);
    }

    /** The base URL of an API in this world. */
    public String url(String api) {
        return member(description, api);
    }

    /** Carries out a command; returns the answer's JSON. */
    public String command(String command, String members) throws Exception {
        return send("POST", control + "/" + name + "/commands/" + command, members);
    }

    @Override
    public void close() throws Exception {
        send("DELETE", control + "/" + name, null);
    }

    private static String send(String method, String url, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("content-type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        var answer = HTTP.send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) {
            throw new IllegalStateException(method + " " + url + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    /** A text member of a JSON object, good enough for names and URLs; use your JSON library for anything else. */
    private static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + Pattern.quote(name) + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        if (!found.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return found.group(1);
    }

    public static void main(String[] arguments) throws Exception {
        try (var world = create(arguments[0], "late-payer")) {
            world.command("record_payment", "{\"customer\": 3, \"bill\": 1}");
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create(world.url("flexprice") + "/customers/cust_00000003/invoices/summary"))
                    .header("x-api-key", "counterfoil-key")
                    .build();
            System.out.println(HTTP.send(request, BodyHandlers.ofString()).body());
        }
    }
}
