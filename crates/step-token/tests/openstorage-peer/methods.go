package main

import (
	"google.golang.org/protobuf/reflect/protoregistry"

	// Registers the description of the services.
	_ "github.com/libopenstorage/openstorage/api"
)

type methodsAnswer struct {
	Methods []string `json:"methods"`
	Error   string   `json:"error,omitempty"`
}

// methods names every method that the compiled-in description of OpenStorage's
// services has, with gRPC's full names.
func methods(struct{}) methodsAnswer {
	file, err := protoregistry.GlobalFiles.FindFileByPath("api/api.proto")
	if err != nil {
		return methodsAnswer{Error: err.Error()}
	}
	var answer methodsAnswer
	for i := 0; i < file.Services().Len(); i++ {
		service := file.Services().Get(i)
		for j := 0; j < service.Methods().Len(); j++ {
			method := service.Methods().Get(j)
			answer.Methods = append(answer.Methods,
				"/"+string(service.FullName())+"/"+string(method.Name()))
		}
	}
	return answer
}
