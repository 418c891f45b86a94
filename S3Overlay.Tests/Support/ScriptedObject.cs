namespace S3Overlay.Tests.Support;

/// <summary>An object of a scripted remote.</summary>
/// <param name="Bytes">Its bytes.</param>
/// <param name="ETag">Its ETag, with quotes; empty for none.</param>
/// <param name="LastModified">Its date.</param>
/// <param name="Headers">Further headers.</param>
public sealed record ScriptedObject(byte[] Bytes, string ETag, DateTimeOffset LastModified, IReadOnlyList<(string Name, string Value)> Headers);
