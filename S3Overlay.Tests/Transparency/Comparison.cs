using System.Text;

namespace S3Overlay.Tests.Transparency;

/// <summary>Compares the responses of two sides.</summary>
public static class Comparison
{
    /// <summary>All that differs and may not, in words; empty where nothing does.</summary>
    public static string Of(Side direct, Side through)
    {
        var text = new StringBuilder();
        Assert.Equal(direct.Exchanges.Select(exchange => exchange.Label), through.Exchanges.Select(exchange => exchange.Label));
        foreach (var (one, other) in direct.Exchanges.Zip(through.Exchanges))
        {
            if (Difference(one, direct, other, through) is { Length: > 0 } difference)
            {
                text.Append("\n== ").Append(one.Label).Append('\n').Append(difference);
            }
        }

        return text.ToString();
    }

    private static string Difference(Exchange one, Side direct, Exchange other, Side through)
    {
        var (expected, actual) = (Levelled(one, direct), Levelled(other, through));
        if (AllowedDifferences.OwnResponses.Any(own => own.Allows(one.Label, expected.Outcome, actual.Outcome)))
        {
            return "";
        }

        var text = new StringBuilder();
        if ((expected.Status, expected.Code) != (actual.Status, actual.Code))
        {
            text.Append($"status: {expected.Status} {expected.Code} became {actual.Status} {actual.Code}\n");
        }

        if (one.Depth == Depth.Code || IsRefusal(one, other))
        {
            return text.ToString();
        }

        foreach (var name in expected.Headers.Keys.Union(actual.Headers.Keys, StringComparer.OrdinalIgnoreCase))
        {
            var (was, now) = (expected.Headers.GetValueOrDefault(name), actual.Headers.GetValueOrDefault(name));
            if (was != now && !(one.Depth == Depth.Head && name == "Content-Length"))
            {
                text.Append($"{name}: {was ?? "(none)"} became {now ?? "(none)"}\n");
            }
        }

        if (one.Depth == Depth.All && expected.Body != actual.Body)
        {
            text.Append($"body: {Cut(expected.Body)}\nbecame: {Cut(actual.Body)}\n");
        }

        return text.ToString();
    }

    /// <summary>
    /// Whether the front door responded without the store, with the store's status and code and its own message. Two things show that: a
    /// second request id, which it removes from the store's responses, or, if the store sends one itself, the missing <c>Server</c> header.
    /// </summary>
    private static bool IsRefusal(Exchange one, Exchange other) =>
        other.Answer.Headers.ContainsKey("x-amz-id-2")
        && (!one.Answer.Headers.ContainsKey("x-amz-id-2")
            || (one.Answer.Headers.ContainsKey("Server") && !other.Answer.Headers.ContainsKey("Server")));

    private static Seen Levelled(Exchange exchange, Side side)
    {
        var seen = new Seen(exchange.Answer);
        foreach (var (value, name) in side.Learnt)
        {
            seen.Replace(value, name);
        }

        seen.Replace(side.Bucket, "BUCKET");
        foreach (var allowed in AllowedDifferences.Levelled)
        {
            allowed.Level(seen, side);
        }

        return seen;
    }

    private static string Cut(string body) => body.Length <= 600 ? body : body[..600] + "...";
}
