using System.Net;
using System.Text.Json;

namespace S3Overlay.Hosting;

/// <summary>What an administration call came to. Its answer is lines of JSON, the last of which has the outcome; a refused call's is one error.</summary>
/// <param name="IsDone">Whether all was done.</param>
/// <param name="Message">The outcome, in the proxy's own words.</param>
internal sealed record AdministrationAnswer(bool IsDone, string Message)
{
    /// <summary>Reads the answer to its end, which comes when the work is over.</summary>
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
            return new(root.GetProperty("done").GetBoolean() && (!root.TryGetProperty("failed", out var failed) || failed.GetInt64() == 0), last);
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new(false, $"The answer broke off: {last}");
        }
    }
}
