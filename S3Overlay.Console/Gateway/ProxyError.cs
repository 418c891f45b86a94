using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>An error of the proxy, as S3 says it.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">S3's code: <c>NoSuchKey</c>.</param>
/// <param name="message">What is wrong.</param>
/// <param name="cause">What caused it; null for the proxy's own refusal.</param>
internal sealed class ProxyError(int status, string code, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>An error document is small. A longer response is none.</summary>
    private const int MaxLength = 64 << 10;

    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>S3's code.</summary>
    public string Code => code;

    /// <summary>The id in the proxy's log; null if there is none.</summary>
    public string? RequestId { get; init; }

    /// <summary>Whether an exception means that a response broke off, or is no document that the console can read.</summary>
    public static bool IsOfResponse(Exception failure) => failure is IOException or JsonException or XmlException;

    /// <summary>The error in place of such an exception.</summary>
    public static ProxyError Of(Exception failure) => failure is IOException
        ? new(502, "ResponseCut", "The proxy cut its response. Try again.", failure)
        : new(502, "BadDocument", "The proxy sent a document that the console cannot read.", failure);

    /// <summary>Reads the error of a response.</summary>
    public static async Task<ProxyError> ReadAsync(ProxyResponse response, CancellationToken cancellationToken)
    {
        var id = response.Headers["x-amz-request-id"].ToString();
        var buffer = new byte[MaxLength];
        var length = await response.Body.ReadAtLeastAsync(buffer, MaxLength, throwOnEndOfStream: false, cancellationToken);
        var text = Encoding.UTF8.GetString(buffer, 0, length);
        try
        {
            if (text.StartsWith('{'))
            {
                using var json = JsonDocument.Parse(text);
                return Of(response.Status, json.RootElement);
            }

            if (text.StartsWith('<') && XElement.Parse(text) is { Name.LocalName: "Error" } error)
            {
                return new(response.Status, error.Element("Code")?.Value ?? "", error.Element("Message")?.Value ?? "") { RequestId = id };
            }
        }
        catch (Exception failure) when (failure is JsonException or XmlException)
        {
            // Below.
        }

        return new(response.Status, $"{response.Status}", $"The proxy answered with status {response.Status}.") { RequestId = id };
    }

    /// <summary>The error in a JSON object.</summary>
    public static ProxyError Of(int status, JsonElement error)
    {
        return new(status, Member("code"), Member("message")) { RequestId = Member("requestId") };

        string Member(string name) => error.ValueKind == JsonValueKind.Object && error.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }
}
