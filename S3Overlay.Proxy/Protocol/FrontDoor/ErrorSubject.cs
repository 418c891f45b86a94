namespace S3Overlay.Proxy.Protocol.FrontDoor;

/// <summary>What an error's document says the error is about.</summary>
/// <param name="Method">The request's method: HEAD has no document.</param>
/// <param name="Bucket">The bucket; empty where none was read.</param>
/// <param name="Key">The key; empty where none was read.</param>
/// <param name="Resource">The path as sent.</param>
/// <param name="RequestId">The request's id.</param>
public sealed record ErrorSubject(string Method, string Bucket, string Key, string Resource, string RequestId)
{
    /// <summary>Whether the document is JSON, as the administration's are; XML otherwise, as S3 has it.</summary>
    public bool IsJson { get; init; }
}
