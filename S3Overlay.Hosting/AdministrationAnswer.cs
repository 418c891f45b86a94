using System.Net;
using System.Text;
using System.Text.Json;

namespace S3Overlay.Hosting;

/// <summary>The outcome of an administration call.</summary>
/// <param name="IsDone">Whether all of it was done.</param>
/// <param name="Message">The outcome in one line.</param>
/// <param name="Data">What there is to show beside it: a JSON document, or the lines of a list; null for nothing.</param>
/// <remarks>
/// Calls that work answer with lines of JSON, the last of which has the outcome in <c>done</c>. Calls that list answer with an item a line,
/// and such a last line. Others answer with one document. A refusal is one error.
/// </remarks>
internal sealed record AdministrationAnswer(bool IsDone, string Message, string? Data = null)
{
    /// <summary>How many items of a list a dialog shows.</summary>
    private const int MostItems = 1000;

    /// <summary>Reads a response to its end, which comes when the work is over.</summary>
    /// <param name="response">The response.</param>
    /// <param name="describe">Makes the line for an item of a list, or the message for a document.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static async Task<AdministrationAnswer> ReadAsync(
        HttpResponseMessage response, Func<JsonElement, string>? describe, CancellationToken cancellationToken)
    {
        var (items, shown, last) = (0L, new StringBuilder(), "");
        try
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                last = line.Length > 0 ? line : last;
                if (response.StatusCode == HttpStatusCode.OK && describe is not null && Parse(line) is { } item
                    && !item.TryGetProperty("done", out _) && !item.TryGetProperty("error", out _) && ++items <= MostItems)
                {
                    shown.AppendLine(describe(item));
                }
            }
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException)
        {
            return new(false, $"The answer broke off: {problem.Message}");
        }

        if (response.StatusCode != HttpStatusCode.OK || Parse(last) is not { } end)
        {
            return new(false, Refusal(Parse(last)) ?? (response.StatusCode == HttpStatusCode.OK
                ? $"The answer broke off: {last}" : $"{(int)response.StatusCode} {last}".TrimEnd()));
        }

        if (end.TryGetProperty("error", out var error))
        {
            return new(false, Refusal(error) ?? last);
        }

        if (!end.TryGetProperty("done", out var done))
        {
            // A list that ends with an item is not whole.
            return describe is not null && response.Content.Headers.ContentType?.MediaType == "application/json"
                ? new(true, describe(end), last) : new(false, $"The answer broke off: {last}");
        }

        if (describe is not null)
        {
            return items == 0 ? new(true, "There are none.")
                : new(true, items > MostItems ? $"{items} in all, the first {MostItems} of them here." : $"{items} in all.", $"{shown}");
        }

        var isDone = done.ValueKind == JsonValueKind.True && (!end.TryGetProperty("failed", out var failed) || failed.GetInt64() == 0);
        return new(isDone, Numbers(end), last);
    }

    /// <summary>What was done, in words: <c>entries: 3, bytes: 12</c>.</summary>
    private static string Numbers(JsonElement end)
    {
        var counts = end.EnumerateObject().Where(static each => each.Value.ValueKind == JsonValueKind.Number && each.Value.GetInt64() != 0)
            .Select(static each => $"{each.Name}: {each.Value}").ToList();
        return counts.Count == 0 ? "There was nothing to do." : $"Done: {string.Join(", ", counts)}.";
    }

    private static string? Refusal(JsonElement? error) =>
        error is { ValueKind: JsonValueKind.Object } named && named.TryGetProperty("message", out var message)
            ? message.GetString() : null;

    private static JsonElement? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
