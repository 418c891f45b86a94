using System.Xml;
using System.Xml.Linq;

namespace S3Overlay.Promote.Wire;

/// <summary>A response.</summary>
/// <param name="response">The response, with its headers read.</param>
/// <param name="attempt">How often the request was sent.</param>
/// <param name="hash">The MD5 of the body that was sent; null if it was not sent to its end.</param>
internal sealed class WireAnswer(HttpResponseMessage response, int attempt, string? hash) : IDisposable
{
    private static readonly XmlReaderSettings Safe = new() { Async = true, DtdProcessing = DtdProcessing.Prohibit };

    public int Status => (int)response.StatusCode;

    public bool IsSuccess => response.IsSuccessStatusCode;

    /// <summary>True if the request may succeed when it is sent again.</summary>
    public bool IsTransient => Status is 429 or 500 or 502 or 503 or 504;

    /// <summary>True if an earlier attempt, whose response was lost, may have taken effect.</summary>
    public bool IsRepeated => attempt > 1;

    /// <summary>The MD5 of the body that was sent; null if it was not sent to its end.</summary>
    public string? Hash => hash;

    /// <summary>The length of the body, or of the object for a HEAD.</summary>
    public long? Length => response.Content.Headers.ContentLength;

    /// <summary>The ETag without quotes; null if there is none.</summary>
    public string? ETag => this["ETag"] is { } tag ? ETags.Bare(tag) : null;

    /// <summary>The headers.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers => response.Headers.NonValidated
        .Concat(response.Content.Headers.NonValidated).Select(static header => KeyValuePair.Create(header.Key, header.Value.ToString()));

    /// <summary>A header; null if it was not sent.</summary>
    public string? this[string name] =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString()
        : response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.ToString() : null;

    /// <summary>The body, to be read as it arrives. Disposes of the response with it.</summary>
    public async Task<Stream> OpenAsync(CancellationToken cancellationToken) => await response.Content.ReadAsStreamAsync(cancellationToken);

    /// <summary>The body as a document; null if it is none.</summary>
    public async Task<XElement?> ReadXmlAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var reader = XmlReader.Create(body, Safe);
            return (await XDocument.LoadAsync(reader, LoadOptions.PreserveWhitespace, cancellationToken)).Root;
        }
        catch (XmlException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            throw new WireException($"the response ended early: {failure.Message}", failure);
        }
    }

    /// <summary>The error in words.</summary>
    public async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        var error = await ReadXmlAsync(cancellationToken);
        var (code, message) = (error.Value("Code"), error.Value("Message"));
        return code is null ? $"status {Status}" : message is null ? $"{Status} {code}" : $"{Status} {code}: {message}";
    }

    /// <inheritdoc/>
    public void Dispose() => response.Dispose();
}

/// <summary>Elements by their local name: stores differ in namespaces.</summary>
internal static class XmlLookups
{
    /// <summary>The text of a child; null if there is none.</summary>
    public static string? Value(this XElement? element, string name) => element?.All(name).FirstOrDefault()?.Value;

    /// <summary>The children with a name.</summary>
    public static IEnumerable<XElement> All(this XElement element, string name) =>
        element.Elements().Where(child => child.Name.LocalName == name);
}
