using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Deletes;

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
