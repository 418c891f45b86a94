using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>ListParts: shows each acknowledged part number once.</summary>
internal sealed record ListParts(int Slot) : ModelOperation
{
    public override async Task RunAsync(ModelScene scene)
    {
        if (!scene.Uploads.TryGetValue(Slot, out var upload))
        {
            return;
        }

        var response = await scene.SendAsync("GET", upload.Bucket, upload.Key, "uploadId=" + UriEncoding.EncodeComponent(upload.Id));
        Expect.Status(response, 200);

        // The text before the parts may contain a key that no XML parser accepts.
        var (from, to) = (response.Text.IndexOf("<Part>", StringComparison.Ordinal),
            response.Text.LastIndexOf("</Part>", StringComparison.Ordinal));
        var listed = XElement.Parse(from < 0 ? "<Parts/>" : $"<Parts>{response.Text[from..to]}</Part></Parts>").Elements()
            .Select(part => (Number: int.Parse(Text(part, "PartNumber"), null), Text: $"{Text(part, "ETag")} {Text(part, "Size")}"))
            .Where(part => !upload.Unknown.Contains(part.Number));
        var expected = upload.Parts.Select(part => (part.Key, $"{ObjectVersion.Of(part.Value).ETag} {part.Value.Length}"));
        Expect.Same(string.Join("; ", expected), string.Join("; ", listed), "The list of parts");
    }

    private static string Text(XElement part, string name) => part.Element(name)?.Value ?? "";
}
