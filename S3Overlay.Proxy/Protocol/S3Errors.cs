namespace S3Overlay.Proxy.Protocol;

/// <summary>The S3 errors that this server returns.</summary>
/// <remarks>Codes, statuses and messages: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
public static class S3Errors
{
#pragma warning disable CS1591 // each field is named after its code
    public static readonly S3Error AccessDenied = new("AccessDenied", 403, "Access Denied");
    public static readonly S3Error AuthorizationHeaderMalformed = new("AuthorizationHeaderMalformed", 400,
        "The authorization header that you provided is not valid.");
    public static readonly S3Error AuthorizationQueryParametersError = new(
        "AuthorizationQueryParametersError", 400, "The authorization query parameters that you provided are not valid.");
    public static readonly S3Error AccessForbidden = new("AccessForbidden", 403, "CORSResponse: This CORS request is not allowed.");
    public static readonly S3Error BadDigest =
        new("BadDigest", 400, "The Content-MD5 or checksum value that you specified did not match what the server received.");
    public static readonly S3Error BucketAlreadyExists = new("BucketAlreadyExists", 409, "The requested bucket name is not available.");
    public static readonly S3Error BucketAlreadyOwnedByYou = new("BucketAlreadyOwnedByYou", 409,
        "The bucket that you tried to create already exists, and you own it.");
    public static readonly S3Error BucketNotEmpty = new("BucketNotEmpty", 409, "The bucket that you tried to delete is not empty.");
    public static readonly S3Error ConditionalRequestConflict = new("ConditionalRequestConflict", 409,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.");
    public static readonly S3Error BadRequest = new("BadRequest", 400, "Bad Request");
    public static readonly S3Error EntityTooLarge = new("EntityTooLarge", 400,
        "Your proposed upload exceeds the maximum allowed object size.");
    public static readonly S3Error EntityTooSmall = new("EntityTooSmall", 400,
        "Your proposed upload is smaller than the minimum allowed object size.");
    public static readonly S3Error ExpiredToken = new("ExpiredToken", 400, "The provided token has expired.");
    public static readonly S3Error GatewayTimeout = new("GatewayTimeout", 504,
        "The object is not cached, and the request accepts only cached objects (only-if-cached).");
    public static readonly S3Error IncompleteBody = new("IncompleteBody", 400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header.");
    public static readonly S3Error InsufficientStorage = new("InsufficientStorage", 507, "There is not enough room to store the object.");
    public static readonly S3Error InternalError = new("InternalError", 500, "An internal error occurred. Try again.");
    public static readonly S3Error InvalidAccessKeyId = new("InvalidAccessKeyId", 403,
        "The AWS access key ID that you provided does not exist in our records.");
    public static readonly S3Error InvalidArgument = new("InvalidArgument", 400, "Invalid Argument");
    public static readonly S3Error InvalidBucketName = new("InvalidBucketName", 400, "The specified bucket is not valid.");
    public static readonly S3Error InvalidBucketOwner = new("InvalidBucketOwnerAWSAccountID", 400,
        "The value of the expected bucket owner parameter must be an AWS account ID.");
    public static readonly S3Error InvalidBucketState = new("InvalidBucketState", 409,
        "The request is not valid for the current state of the bucket.");
    public static readonly S3Error InvalidDigest = new("InvalidDigest", 400,
        "The Content-MD5 or checksum value that you specified is not valid.");
    public static readonly S3Error InvalidLocationConstraint = new("InvalidLocationConstraint", 400,
        "The specified location (Region) constraint is not valid.");
    public static readonly S3Error InvalidPart = new("InvalidPart", 400,
        "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag "
        + "might not have matched the part's entity tag.");
    public static readonly S3Error InvalidPartOrder = new("InvalidPartOrder", 400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.");
    public static readonly S3Error InvalidPartNumber = new("InvalidPartNumber", 416, "The requested partnumber is not satisfiable.");
    public static readonly S3Error InvalidPolicyDocument = new("InvalidPolicyDocument", 400,
        "The content of the form does not meet the conditions specified in the policy document.");
    public static readonly S3Error InvalidRange = new("InvalidRange", 416, "The requested range is not satisfiable.");
    public static readonly S3Error InvalidRequest = new("InvalidRequest", 400, "Invalid Request");
    public static readonly S3Error InvalidStorageClass = new("InvalidStorageClass", 400,
        "The storage class that you specified is not valid.");
    public static readonly S3Error InvalidToken = new("InvalidToken", 400, "The provided token is malformed or otherwise not valid.");
    public static readonly S3Error InvalidUri = new("InvalidURI", 400, "The specified URI couldn't be parsed.");
    public static readonly S3Error KeyTooLong = new("KeyTooLongError", 400, "Your key is too long.");
    public static readonly S3Error MalformedPostRequest = new("MalformedPOSTRequest", 400,
        "The body of your POST request is not well-formed multipart/form-data.");
    public static readonly S3Error MalformedTrailer = new("MalformedTrailerError", 400,
        "The request contained trailing data that was not well-formed or did not conform to our published schema.");
    public static readonly S3Error MalformedXml = new("MalformedXML", 400,
        "The XML that you provided was not well formed or did not validate against our published schema.");
    public static readonly S3Error MaxPostPreDataLengthExceeded = new("MaxPostPreDataLengthExceededError", 400,
        "Your POST request fields preceding the upload file were too large.");
    public static readonly S3Error MetadataTooLarge = new("MetadataTooLarge", 400,
        "Your metadata headers exceed the maximum allowed metadata size.");
    public static readonly S3Error MethodNotAllowed = new("MethodNotAllowed", 405,
        "The specified method is not allowed against this resource.");
    public static readonly S3Error MissingContentLength = new("MissingContentLength", 411,
        "You must provide the Content-Length HTTP header.");
    public static readonly S3Error MissingRequestBody = new("MissingRequestBodyError", 400, "Request body is empty.");
    public static readonly S3Error NoSuchBucket = new("NoSuchBucket", 404, "The specified bucket does not exist");
    public static readonly S3Error NoSuchKey = new("NoSuchKey", 404, "The specified key does not exist.");
    public static readonly S3Error NoSuchUpload = new("NoSuchUpload", 404,
        "The specified multipart upload does not exist. The upload ID might not be valid, or the multipart upload might have been "
        + "aborted or completed.");
    public static readonly S3Error NoSuchVersion = new("NoSuchVersion", 404, "The specified version does not exist.");
    public static readonly S3Error NotImplemented = new("NotImplemented", 501,
        "A header or query that you provided implies functionality that is not implemented.");
    public static readonly S3Error PreconditionFailed = new("PreconditionFailed", 412,
        "At least one of the preconditions that you specified did not hold.");
    public static readonly S3Error RemoteChanged = new("RemoteChanged", 503,
        "The object has changed at the remote. The cached bytes of its previous version are kept, but do not include what you asked for.");
    public static readonly S3Error RequestHeaderSectionTooLarge = new("RequestHeaderSectionTooLarge", 400,
        "Your request header section exceeds the maximum allowed request header size.");
    public static readonly S3Error RequestTimeout = new("RequestTimeout", 400,
        "Your socket connection to the server was not read from or written to within the timeout period.");
    public static readonly S3Error RequestTimeTooSkewed = new("RequestTimeTooSkewed", 403,
        "The difference between the request time and the server's time is too large.");
    public static readonly S3Error ServiceUnavailable = new("ServiceUnavailable", 503, "Service is unable to handle request.");
    public static readonly S3Error SignatureDoesNotMatch = new("SignatureDoesNotMatch", 403,
        "The request signature that the server calculated does not match the signature that you provided. Check your secret access key "
        + "and signing method.");
    public static readonly S3Error SlowDown = new("SlowDown", 503, "Please reduce your request rate.");
    public static readonly S3Error TooManyBuckets = new("TooManyBuckets", 400,
        "You have attempted to create more buckets than are allowed.");
    public static readonly S3Error XAmzContentSha256Mismatch = new("XAmzContentSHA256Mismatch", 400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.");
#pragma warning restore CS1591
}

/// <summary>An error of the S3 protocol.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
/// <param name="Code">The code in the XML (<c>NoSuchKey</c>), which SDKs check.</param>
/// <param name="Message">The text for people.</param>
public sealed record S3Error(string Code, int Status, string Message);
