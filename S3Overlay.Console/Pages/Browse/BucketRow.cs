using System.Xml.Linq;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>A bucket that a key sees.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Created">When it was made; null if that is not known.</param>
public sealed record BucketRow(string Name, DateTimeOffset? Created)
{
    /// <summary>Lists the buckets.</summary>
    /// <exception cref="ProxyError">The proxy refused.</exception>
    internal static async Task<IReadOnlyList<BucketRow>> ListAsync(ProxyGateway gateway, CancellationToken cancellationToken)
    {
        await using var response = await gateway.S3Async(new("GET", "/"), cancellationToken);
        var document = await XDocument.LoadAsync(response.Body, LoadOptions.None, cancellationToken);
        return [.. document.Descendants().Where(static element => element.Name.LocalName == "Bucket").Select(static bucket =>
            new BucketRow(Child(bucket, "Name")!.Value, (DateTimeOffset?)Child(bucket, "CreationDate")))];
    }

    private static XElement? Child(XElement element, string name) =>
        element.Elements().FirstOrDefault(child => child.Name.LocalName == name);
}
