namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>One operation as it stands on the wire.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Level">What the path names.</param>
/// <param name="Selector">The query parameter that asks for it (<c>acl</c>); empty where the path alone does.</param>
/// <param name="Operation">The operation; <see cref="S3Operation.Unknown"/> for one that S3 has and that is refused here with 501.</param>
/// <param name="Parameters">Further query parameters that it knows. All others are left out of what goes on to a store.</param>
public sealed record OperationRow(string Method, TargetLevel Level, string Selector, S3Operation Operation, params string[] Parameters);
