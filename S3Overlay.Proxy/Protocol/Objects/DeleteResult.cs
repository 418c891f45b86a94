using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The answer to DeleteObjects.</summary>
public static class DeleteResult
{
    /// <summary>Sends what became of each key, in the order asked.</summary>
    public static Task SendAsync(
        DeleteObjectsRequest delete, IReadOnlyList<DeleteOutcome> outcomes, S3Request request, S3Response answer,
        CancellationToken cancellationToken)
    {
        var xml = new S3XmlWriter().Root("DeleteResult");
        foreach (var outcome in outcomes)
        {
            if (outcome.Error is { } error)
            {
                xml.Open("Error").Element("Key", outcome.Item.Key);
                if (outcome.Item.VersionId is { } version)
                {
                    xml.Element("VersionId", version);
                }

                xml.Element("Code", error.Code).Element("Message", outcome.Message ?? error.Message).Close("Error");
            }
            else if (!delete.IsQuiet)
            {
                xml.Open("Deleted").Element("Key", outcome.Item.Key);
                if (outcome.Item.VersionId is { } version)
                {
                    xml.Element("VersionId", version);
                }

                if (outcome.Marker is { } marker)
                {
                    xml.Element("DeleteMarker", true).Element("DeleteMarkerVersionId", marker);
                }

                xml.Close("Deleted");
            }
        }

        return xml.Close("DeleteResult").SendAsync(request, answer, cancellationToken);
    }
}

/// <summary>What became of one key of DeleteObjects.</summary>
/// <param name="Item">The key.</param>
/// <param name="Error">Why it was not deleted; null where it was (or was not there).</param>
/// <param name="Message">What to say of the error, or null for its usual message.</param>
public sealed record DeleteOutcome(DeleteItem Item, S3Error? Error, string? Message = null)
{
    /// <summary>The id of the delete marker that was made, or was what was deleted; null for none.</summary>
    public string? Marker { get; init; }
}
