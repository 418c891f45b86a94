using System.Net;
using System.Text.Json;

namespace S3Overlay.Hosting;

/// <summary>The outcome of an administration call.</summary>
/// <param name="IsDone">Whether all of it was done.</param>
/// <param name="Message">The outcome in one line.</param>
/// <param name="Document">The JSON document of a call that answers a question; null for one that does something.</param>
internal sealed record AdministrationAnswer(bool IsDone, string Message, string? Document = null)
{
    /// <summary>
    /// Reads the answer to its end, which comes when the work is over. Calls that work answer with lines of JSON, the last of which has the
    /// outcome in <c>done</c>. Calls that explain answer with one document, which says why in <c>why</c>. A refusal is one error.
    /// </summary>
    public static async Task<AdministrationAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var last = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new(false, $"{(int)response.StatusCode} {last}".TrimEnd());
        }

        try
        {
            using var json = JsonDocument.Parse(last);
            var root = json.RootElement;
            return root.TryGetProperty("why", out var why) && why.GetString() is { } reason
                ? new(true, reason, last)
                : new(root.GetProperty("done").GetBoolean() && (!root.TryGetProperty("failed", out var failed) || failed.GetInt64() == 0),
                    last);
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new(false, $"The answer broke off: {last}");
        }
    }
}
