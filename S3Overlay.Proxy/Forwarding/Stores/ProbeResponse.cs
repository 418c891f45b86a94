using System.Xml;
using System.Xml.Linq;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>What came of one request of the trial.</summary>
/// <param name="Status">The status.</param>
/// <param name="ETag">The ETag, or the empty string.</param>
/// <param name="Encoding">Content-Encoding, or the empty string.</param>
/// <param name="Body">The document or object.</param>
internal sealed record ProbeResponse(int Status, string ETag, string Encoding, byte[] Body)
{
    /// <summary>Whether there was another answer before it, which was not believed.</summary>
    public bool IsAgain { get; init; }

    /// <summary>Whether what was asked is done.</summary>
    public bool IsTaken => this is { Status: < 300, Code: "" };

    /// <summary>Whether it may be another a moment later. An error of the store's own may come with a 200, too.</summary>
    public bool MayPass => Status is 409 or 500 || Code is "InternalError" or "ServiceUnavailable" or "SlowDown";

    /// <summary>The code of the error document, also of one that came with a 200; else the empty string.</summary>
    public string Code => Root() is { Name.LocalName: "Error" } error ? error.Elements()
        .FirstOrDefault(e => e.Name.LocalName == "Code")?.Value ?? "?" : "";

    /// <summary>The text of an element of the document; null where there is none.</summary>
    public string? Text(string element) => Root()?.Descendants().FirstOrDefault(e => e.Name.LocalName == element)?.Value;

    private XElement? Root()
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(Body),
                new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XElement.Load(reader);
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
